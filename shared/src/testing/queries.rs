//! Listens to the statements that a piece of work sends, to catch a query per row.

use std::cell::RefCell;

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use crate::db::MAY_BE_WRITTEN;

tokio::task_local! {
    static STATEMENTS: RefCell<Vec<String>>;
}

/// Runs `work` and says how many statements it sent. Those of other tasks are not counted.
pub async fn count_queries<T>(work: impl Future<Output = T>) -> (T, usize) {
    let (answer, statements) = queries_of(work).await;
    (answer, statements.len())
}

/// Runs `work` and says which statements it sent. Those of other tasks are not among them.
pub async fn queries_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    STATEMENTS
        .scope(RefCell::default(), async {
            let answer = work.await;
            (answer, STATEMENTS.with(RefCell::take))
        })
        .await
}

/// A connection that reports its statements to [`queries_of`].
pub(crate) fn counting(mut conn: AsyncPgConnection) -> AsyncPgConnection {
    conn.set_instrumentation(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            // Choosing the scope happens once for a connection, not once for a request, as does asking
            // whether it may be written once a second; and saying who acts is not waited for.
            if !text.starts_with("select set_config('") && !text.starts_with(MAY_BE_WRITTEN) {
                let text = text.rsplit_once(" -- binds: ").map_or(text.as_str(), |(text, _)| text).to_owned();
                let _ = STATEMENTS.try_with(|statements| statements.borrow_mut().push(text));
            }
        }
    });
    conn
}

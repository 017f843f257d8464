//! Counts the statements that a piece of work sends, to catch a query per row.

use std::cell::Cell;

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use crate::db::MAY_BE_WRITTEN;

tokio::task_local! {
    static STATEMENTS: Cell<usize>;
}

/// Runs `work` and says how many statements it sent. Those of other tasks are not counted.
pub async fn count_queries<T>(work: impl Future<Output = T>) -> (T, usize) {
    STATEMENTS
        .scope(Cell::new(0), async {
            let answer = work.await;
            (answer, STATEMENTS.with(Cell::get))
        })
        .await
}

/// A connection that reports its statements to [`count_queries`].
pub(crate) fn counting(mut conn: AsyncPgConnection) -> AsyncPgConnection {
    conn.set_instrumentation(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            // Choosing the scope happens once for a connection, not once for a request, as does asking
            // whether it may be written once a second; and saying who acts is not waited for.
            if !text.starts_with("select set_config('") && !text.starts_with(MAY_BE_WRITTEN) {
                let _ = STATEMENTS.try_with(|count| count.set(count.get() + 1));
            }
        }
    });
    conn
}

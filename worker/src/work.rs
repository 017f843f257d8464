//! The handler at work.

use std::sync::Arc;

use shared::db::{Conn, ScopedConn};
use shared::jobs::ledger;
use shared::jobs::mutant::{Mutant, is_on};
use tokio::task::JoinError;

use crate::context::Ctx;
use crate::registry::{Failure, Handler, Kind};
use crate::verdict::End;

/// Runs the handler of `kind`. `conn` is in the job's scope.
pub(crate) async fn run(mut conn: ScopedConn, kind: Arc<Kind>, ctx: Ctx) -> End {
    match &kind.handler {
        Handler::External(handler) => {
            // Effects elsewhere take long; the connection is others' meanwhile.
            drop(conn);
            match handler(ctx.clone(), ctx.claim().args.clone()).await {
                Ok(()) => End::Done,
                Err(failure) => End::Failed(failure),
            }
        }
        Handler::Database(_) => {
            conn.act_for(&ctx.acting());
            match in_transaction(&mut conn, &kind, &ctx).await {
                Ok(true) => End::Committed,
                Ok(false) => End::Fenced,
                Err(failure) => End::Failed(failure),
            }
        }
    }
}

/// Effects and outcome in one transaction: both, or neither. `false` means that another has the
/// job. When this is broken off half-way, the pool throws the connection away.
async fn in_transaction(conn: &mut Conn, kind: &Kind, ctx: &Ctx) -> Result<bool, Failure> {
    ledger::begin(conn).await?;
    let outcome =
        if is_on(Mutant::FinishFirst) { backwards(conn, kind, ctx).await } else { forwards(conn, kind, ctx).await };
    match outcome {
        Ok(true) => ledger::commit(conn).await.map(|()| true).map_err(Failure::from),
        Ok(false) => ledger::roll_back(conn).await.map(|()| false).map_err(Failure::from),
        Err(failure) => {
            // What could not be rolled back is not committed either.
            let _ = ledger::roll_back(conn).await;
            Err(failure)
        }
    }
}

async fn forwards(conn: &mut Conn, kind: &Kind, ctx: &Ctx) -> Result<bool, Failure> {
    if let Handler::Database(handler) = &kind.handler {
        handler(conn, ctx, ctx.claim().args.clone()).await?;
    }
    Ok(ledger::succeed(conn, ctx.claim(), ctx.result().as_ref()).await?)
}

/// The mistake that the chaos tests must notice: done first, effects later.
async fn backwards(conn: &mut Conn, kind: &Kind, ctx: &Ctx) -> Result<bool, Failure> {
    let is_ours = ledger::succeed(conn, ctx.claim(), None).await?;
    ledger::commit(conn).await?;
    ledger::begin(conn).await?;
    if let (true, Handler::Database(handler)) = (is_ours, &kind.handler) {
        handler(conn, ctx, ctx.claim().args.clone()).await?;
    }
    Ok(is_ours)
}

/// What a panic has said.
pub(crate) fn message(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "stopped".to_owned() };
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".to_owned())
}

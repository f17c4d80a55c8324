//! What time it is, and waiting for what takes some.

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// Now, in whole seconds as certificates have them.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// What runs everything that waits, on this thread.
pub fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::bug)
}

/// What `work` comes to.
pub fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let made = runtime.block_on(work);
    // A look-up of a name may still be waiting, and nobody waits for it.
    runtime.shutdown_background();
    Ok(made)
}

//! The shell of a command and whatever it has started: a pipeline is several processes, and killing the shell ends one.

use tokio::process::{Child, Command};

/// They are killed when this is dropped, unless the shell has ended by itself: what it left running is its user's wish.
pub(super) struct Group(Option<u32>);

impl Group {
    /// Has a command begin a group of its own.
    pub(super) fn of_its_own(command: &mut Command) -> &mut Command {
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    /// That of a child that has begun one. To be dropped before the child, so that its id is of nobody else meanwhile.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id())
    }

    pub(super) fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(leader) =
            self.0.take().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // Those that are gone need no signal.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }

    /// The shell has ended by itself.
    pub(super) fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until somebody asks this program to end: what runs for peers ends with it then.
pub(crate) async fn asked_to_end() {
    #[cfg(unix)]
    if let Ok(mut end) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! { _ = end.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

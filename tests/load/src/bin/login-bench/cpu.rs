//! What a process has used of the processors.

use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// User and system time of all of its threads so far, in nanoseconds; what `/proc` tells is in hundredths of a second.
pub(crate) fn used(process: u32) -> Duration {
    let clock = clock_getcpuclockid(Pid::from_raw(process.try_into().unwrap())).unwrap();
    clock_gettime(clock).unwrap().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_another_process_is_counted_and_its_sleep_is_not() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 1; while :; do :; done"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        let asleep = used(child.id());
        let start = std::time::Instant::now();
        // So much that looking itself does not come to it.
        let is_counted = || used(child.id()) >= asleep + Duration::from_secs(1);
        while !is_counted() && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let counted = is_counted();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(asleep < Duration::from_millis(400), "{asleep:?}");
        assert!(counted, "it has worked, and nothing is counted");
    }
}

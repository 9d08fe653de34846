//! A bad day in small: `cargo xtask chaos` is the large one.

use anyhow::Result;
use redrive_tests::chaos::{Day, run};
use tokio::runtime::Builder;
use xtask::build;

#[test]
fn chaos_small_run_loses_no_job_and_answers_none_twice() -> Result<()> {
    build::all()?;
    let day = Day {
        folder: "tests/chaos".to_owned(),
        jobs: 500,
        faults: 0.2,
        binding_faults: 0.02,
        kills: 1,
        late_commits: 1,
        seed: 20,
        clients: 8,
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(run(&day))?;
    assert_eq!(report.broken(), Vec::<String>::new(), "{report:#?}");
    assert_eq!(report.accepted, 500, "{report:#?}");
    assert_eq!(report.batches, 5, "{report:#?}");
    assert_eq!(report.kills, 1, "{report:#?}");
    // A day without a fault would prove nothing.
    assert!(report.provider_faults > 50, "{report:#?}");
    assert!(report.binding_faults > 10, "{report:#?}");
    assert!(report.redispatched > 0, "{report:#?}");
    assert!(report.fenced > 0, "{report:#?}");
    Ok(())
}

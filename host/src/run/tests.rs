//! Runs that others replace, train or damage.

use super::*;
use crate::config::Keep;
use crate::data::synthetic;

/// A place that is removed at the end, a folder for a run in it, and a training of an instant.
fn small() -> (tempfile::TempDir, PathBuf, Dataset, TrainConfig) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    let config = TrainConfig { hidden: vec![8], epochs: 1, ..TrainConfig::default() };
    (place, folder, synthetic::dataset(20, 10, 1), config)
}

#[test]
fn history_and_weights_are_of_the_same_moment_while_another_process_trains() {
    let place = tempfile::tempdir().unwrap();
    let data = synthetic::dataset(200, 20, 1);
    let base = TrainConfig::default();
    let config = TrainConfig { hidden: vec![8], epochs: 2, keep: Keep::Last, patience: 0, ..base };
    let run = Run::create(&place.path().join("run"), &config, DataInfo::new(&data), false);
    let run = run.unwrap();
    run.train(&data, &mut ()).unwrap();
    let whole = run.history().unwrap();
    let mut earlier = whole.clone();
    earlier.epochs.pop();
    let write = |history| files::write(&run.path(HISTORY), json(history).as_bytes()).unwrap();
    write(&earlier);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            write(&whole);
        });
        assert_eq!(run.selected().unwrap().0.epochs.len(), 2);
    });
    write(&earlier);
    let error = run.selected().unwrap_err().to_string();
    assert!(error.contains("are of epoch 2, its history selects epoch 1; go on"), "{error}");
}

#[test]
fn a_run_of_another_command_is_not_replaced_although_it_has_come_meanwhile() {
    let (_place, folder, data, config) = small();
    let create = |begun_by: Option<&str>| {
        let begun_by = begun_by.map(str::to_owned);
        Run::create(&folder, &config, DataInfo { begun_by, ..DataInfo::new(&data) }, true)
    };
    create(None).unwrap();
    let error = create(Some("quickstart")).unwrap_err();
    assert!(matches!(error, RunError::OtherCommand { .. }), "{error}");
    std::fs::remove_file(folder.join(CONFIG)).unwrap();
    create(Some("quickstart")).unwrap();
    create(Some("quickstart")).unwrap();
}

#[test]
fn weights_of_a_run_that_goes_on_from_others_are_not_taken_for_these() {
    let (_place, folder, data, config) = small();
    let start = Mlp::zeros(&[784, 8, 10]);
    let begin = |weights: &str| {
        let tuning = FineTuning {
            from: "run".to_owned(),
            weights: weights.to_owned(),
            own: "mine".to_owned(),
            own_images: 1,
            own_accuracy: 0.0,
            accuracy: 0.0,
        };
        let info = DataInfo { fine_tuning: Some(tuning), ..DataInfo::new(&data) };
        let claim = Claim::create(&folder, &config, info, true).unwrap();
        claim.begin_with(start.clone()).unwrap();
        claim.train(&data, &mut ()).unwrap();
        claim.release()
    };
    let first = begin("00");
    assert!(first.weights().is_ok());
    begin("11");
    assert!(matches!(first.weights(), Err(RunError::Replaced(_))));
}

#[test]
fn a_run_that_cannot_be_read_any_more_is_not_called_replaced() {
    let (_place, folder, data, config) = small();
    let run = Run::create(&folder, &config, DataInfo::new(&data), false);
    let run = run.unwrap();
    run.train(&data, &mut ()).unwrap();
    files::write(&run.path(DATA), b"side = 0").unwrap();
    let error = run.weights().unwrap_err();
    assert!(matches!(&error, RunError::Damaged { path, .. } if *path == run.path(DATA)));
    std::fs::remove_file(run.path(CONFIG)).unwrap();
    assert!(matches!(run.weights(), Err(RunError::Replaced(_))));
}

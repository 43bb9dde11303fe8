//! Rows of numbers that are no pixels, and images that are no squares.

use inkbit::data::{Images, Shape, gestures, load, synthetic};
use inkbit_core::Sample;

use crate::data_sources::{npy, zip};
use crate::place::Place;

/// What a command that is fine prints, whatever it notes.
fn fine(place: &Place, arguments: &str) -> String {
    let ended = place.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.err);
    ended.out
}

/// The last line of what a command complains of.
fn refused(place: &Place, arguments: &str) -> String {
    let ended = place.run(arguments);
    assert_ne!(ended.code, Some(0), "{arguments}: {}", ended.out);
    ended.err.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// A folder with a table of gestures, and a model of them.
fn trained() -> Place {
    let place = Place::untrained();
    fine(&place, "data gestures -o gestures.csv --windows 600");
    fine(
        &place,
        "train --data gestures.csv --hidden 16 --batch-norm --batch 32 --epochs 30 --dropout 0 --lr \
         0.003 --out run",
    );
    fine(&place, "quantize run -o g.inkbit");
    place
}

#[test]
fn a_table_of_gestures_becomes_a_model_whose_integers_are_verified() {
    let place = trained();
    let inspected = fine(&place, "inspect g.inkbit");
    assert!(inspected.contains("96 features of 16 bits, each of its own range"), "{inspected}");
    let found = fine(&place, "verify g.inkbit --data gestures.csv");
    assert!(found.ends_with("0 mismatches\n"), "{found}");
    // Of another seed, which no training has seen.
    fine(&place, "data gestures -o others.csv --seed 2 --windows 300");
    let evaluated = fine(&place, "evaluate g.inkbit --data others.csv --split 1");
    let accuracy: f64 = evaluated["accuracy ".len()..].split(' ').next().unwrap().parse().unwrap();
    assert!(accuracy > 75.0, "{evaluated}");
    // Row by row they are read as the evaluation reads them.
    let rows = fine(&place, "predict g.inkbit --csv others.csv");
    let right = rows.lines().last().unwrap();
    let correct = evaluated.split('(').nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(right, format!("{correct} of 300 rows are as their labels say"));
    let report = place.read("run/report.html");
    assert!(String::from_utf8_lossy(&report).contains("samples of 96 features of 16 bits"));
    // Resumed and quantized from elsewhere, the run has its own ranges.
    fine(&place, "evaluate run --data others.csv --split 1");
    fine(&place, "report g.inkbit -o g.html --data gestures.csv");
}

#[test]
fn a_table_without_labels_is_predicted_in_json_and_another_one_is_refused() {
    let place = trained();
    let window = gestures::window(3, 7, 9);
    let row = window.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    place.write("one.csv", format!("{row}\n"));
    let line = fine(&place, "predict g.inkbit --csv one.csv --json");
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((object["row"].as_u64(), object.get("truth")), (Some(1), None));
    assert_eq!(object["logits"].as_array().unwrap().len(), 6);
    place.write("few.csv", "1,2,3\n");
    assert_eq!(
        refused(&place, "predict g.inkbit --csv few.csv"),
        "few.csv has 3 columns, but the model takes 96 features: expected 96, or one more with labels"
    );
    place.write("wide.csv", format!("{}40000\n", "1,".repeat(95)));
    let wide = refused(&place, "predict g.inkbit --csv wide.csv");
    assert!(
        wide.starts_with("wide.csv has values from 1 to 40000, which exceed what 16 bits"),
        "{wide}"
    );
    let pictures = refused(&place, "predict g.inkbit seven.png");
    assert!(
        pictures.starts_with("g.inkbit takes 96 features of 16 bits, not pictures"),
        "{pictures}"
    );
    let robust = refused(&place, "evaluate g.inkbit --data gestures.csv --robust");
    assert!(robust.contains("but the data are 96 features of 16 bits"), "{robust}");
    for flag in ["--features", "--one-range", "--factor 2"] {
        let images = place.fail(1, &format!("data check synthetic {flag}"));
        let flag = flag.split(' ').next().unwrap();
        let expected = format!("synthetic has images of 28×28 pixels, but {flag} is for features,");
        assert!(images.starts_with(&expected), "{images}");
    }
    let sheet = refused(&place, "data show --data gestures.csv -o sheet.png");
    assert!(sheet.contains("which nothing augments"), "{sheet}");
    let page = refused(&place, "play g.inkbit -o page.html");
    assert!(page.contains("which nobody can draw"), "{page}");
}

#[test]
fn what_a_table_holds_is_told_by_names_and_sizes_and_flags() {
    let place = Place::untrained();
    let rows = |columns: usize| {
        (0..40).map(move |row| {
            let values: Vec<String> =
                (0..columns).map(|column| ((row * 7 + column * 3) % 200).to_string()).collect();
            format!("{},{}\n", row % 2, values.join(","))
        })
    };
    let header = |name: &str, columns: usize| {
        let names = (0..columns).map(|column| format!(",{name}{column}"));
        format!("label{}\n", names.collect::<String>())
    };
    let check = |name: &str, content: String, flags: &str| {
        place.write(name, content);
        let line = fine(&place, &format!("data check {name} --json {flags}"));
        let found: serde_json::Value = serde_json::from_str(&line).unwrap();
        (found["size"].clone(), found["features"].clone())
    };
    let size =
        |width: usize, height: usize| (serde_json::json!([width, height]), serde_json::Value::Null);
    let features = |count: usize| (serde_json::Value::Null, serde_json::json!(count));
    let plain = |columns: usize| rows(columns).collect::<String>();
    assert_eq!(check("a.csv", plain(64), ""), size(8, 8));
    assert_eq!(check("b.csv", plain(64), "--features"), features(64));
    assert_eq!(check("c.csv", plain(16), ""), features(16));
    assert_eq!(check("d.csv", plain(65), ""), features(65));
    assert_eq!(check("e.csv", header("pixel", 16) + &plain(16), ""), size(4, 4));
    assert_eq!(check("f.csv", header("band", 64) + &plain(64), ""), features(64));
    assert_eq!(check("g.csv", plain(96), "--size 12x8"), size(12, 8));
    place.write("h.csv", header("pixel", 15) + &plain(15));
    assert!(refused(&place, "data check h.csv").contains("16 columns with names of pixels"));
    assert!(
        refused(&place, "data check g.csv --size 9x9")
            .contains("but --size 9x9 takes a label and 81")
    );
    let fractions = plain(20).replace(",3,", ",0.5,");
    place.write("i.csv", &fractions);
    let message = refused(&place, "data check i.csv");
    assert!(
        message.contains("some of which are not whole numbers") && message.contains("--factor 1"),
        "{message}"
    );
    fine(&place, "data check i.csv --factor 10");
    assert!(
        refused(&place, "data import i.csv -o d --factor 10")
            .contains("IDX files are written of images only")
    );
}

#[test]
fn features_of_arrays_and_of_one_range_are_trained_on() {
    let place = Place::untrained();
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for row in 0..120_u8 {
        labels.push(row % 3);
        for column in 0..10_i16 {
            values
                .extend((i16::from(row % 3) * 1000 - column * 100 - i16::from(row)).to_le_bytes());
        }
    }
    let files = [
        ("x.npy".to_owned(), npy("<i2", &[120, 10], &values)),
        ("y.npy".to_owned(), npy("|u1", &[120], &labels)),
    ];
    place.write("data.npz", zip(&files));
    let train = "train --data data.npz --preset classic --hidden 8 --batch 16 --epochs 40 --dropout 0 --lr 0.01 --out";
    for (name, flags) in [("each", ""), ("one", " --one-range")] {
        fine(&place, &format!("{train} {name}{flags}"));
        fine(&place, &format!("quantize {name} -o {name}.inkbit"));
        fine(&place, &format!("verify {name}.inkbit --data data.npz"));
        let blob = inkbit::model::Blob::load(&place.path(format!("{name}.inkbit"))).unwrap();
        let ranges = if name == "one" { 1 } else { 10 };
        let expected = Sample::Features { count: 10, signed: true, ranges };
        assert_eq!(blob.model().unwrap().sample(), expected);
        let found = fine(&place, &format!("evaluate {name}.inkbit --data data.npz"));
        assert!(found.starts_with("accuracy 100.00 %"), "{found}");
    }
    // Further from the integers of the model, with the ranges that it has.
    place.write("more.npz", zip(&files));
    fine(&place, "train --from one.inkbit --data data.npz+more.npz:0.3 --out further --epochs 2");
    let preset = refused(&place, "train --data data.npz --preset tiny --out tiny");
    assert!(preset.contains("is for images, but the data are 10 features of 16 bits"), "{preset}");
}

#[test]
fn images_that_are_no_squares_go_all_the_way() {
    let place = Place::untrained();
    // A bright column among the first or the last twelve.
    let images = |count: usize| {
        let mut images =
            Images { shape: Shape::Image { width: 24, height: 16 }, ..Images::default() };
        for index in 0..count {
            let (class, at) = (index % 2, 1 + index * 5 % 9);
            let column = if class == 0 { at } else { 23 - at };
            images.labels.push(class as u8);
            images.pixels.extend((0..24 * 16).map(|pixel| match pixel % 24 {
                found if found == column || found == column + 1 => 255,
                _ => ((index + pixel) * 31 % 60) as u8,
            }));
        }
        images
    };
    place.write_data("wide", &images(400), &images(60));
    let data = load(place.path("wide").to_str().unwrap(), None, None).unwrap();
    assert_eq!(data.train.shape.size(), [24, 16]);
    fine(
        &place,
        "train --data wide --hidden 8 --epochs 8 --dropout 0 --batch 16 --input 12 --out run",
    );
    fine(&place, "quantize run -o wide.inkbit");
    let found = fine(&place, "evaluate wide.inkbit --data wide");
    assert!(found.starts_with("accuracy 100.00 %"), "{found}");
    fine(&place, "verify wide.inkbit --data wide");
    let inspected = fine(&place, "inspect wide.inkbit");
    assert!(inspected.contains("24x16 pixels") && inspected.contains("to 12x8"), "{inspected}");
    // As pictures, they are read as they are as data.
    let (_, last) = (0, data.test.len() - 1);
    let picture = image::GrayImage::from_raw(24, 16, data.test.image(last).to_vec()).unwrap();
    picture.save(place.path("last.png")).unwrap();
    let line = fine(&place, "predict wide.inkbit --as-is last.png");
    assert!(line.starts_with("last.png: 1 ("), "{line}");
    assert!(place.read("run/report.html").len() > 10_000);
    let message = refused(&place, "train --data wide --augment light --out light");
    assert!(message.contains("only squares can be augmented"), "{message}");
    let message = refused(&place, "evaluate wide.inkbit --data wide --robust");
    assert!(message.contains("but the data are 24×16 pixels"), "{message}");
}

#[test]
fn raw_values_are_read_as_the_model_learned_them() {
    let place = Place::untrained();
    let rows = |factor: f64| {
        let mut text = String::from("x,y,z,label\n");
        for row in 0..300 {
            let (class, other) = (row % 3, f64::from(row * 7 % 11));
            let value = |at: i32| (f64::from(class * 50 + at * 5) + other) * factor;
            text += &format!("{},{},{},{class}\n", value(0), value(1), value(2));
        }
        text
    };
    place.write("fractions.csv", rows(0.01));
    let train = "--hidden 8 --epochs 30 --batch 16 --dropout 0 --lr 0.02 --no-report";
    fine(&place, &format!("train --data fractions.csv --factor 100 {train} --out run"));
    fine(&place, "quantize run -o m.inkbit");
    // `label` is the label, though `y` may be one, too; the factor is the model's.
    let evaluated = fine(&place, "evaluate m.inkbit --data fractions.csv");
    let right = |text: &str| text.lines().last().unwrap().split(' ').next().unwrap().parse::<u32>();
    assert!(
        evaluated.starts_with("accuracy 9") || evaluated.starts_with("accuracy 100"),
        "{evaluated}"
    );
    let predicted = fine(&place, "predict m.inkbit --csv fractions.csv");
    assert!(right(&predicted).unwrap() > 270, "{predicted}");
    place.write("more.csv", rows(0.01).replace("label", "kind"));
    let message = refused(&place, "predict m.inkbit --csv more.csv");
    assert!(message.contains("`0.05` is none of the model's classes"), "{message}");
    place.write("empty.csv", "0,,0,1,5\n0,1,2,0,4\n");
    let message = refused(&place, "data check empty.csv");
    assert!(message.contains("row 1: column 2 is ``"), "{message}");
}

#[test]
fn pictures_that_are_no_squares_lie_alike_in_training_and_after_it_when_they_are_turned() {
    let place = Place::untrained();
    let digits = synthetic::images(synthetic::Part::Train, 60, 3);
    super::data_sources::write_pictures(&place, "pics", &digits, "png");
    fine(
        &place,
        "train --data pics --size 24x16 --transpose --hidden 8 --epochs 2 --batch 8 --dropout 0 \
         --no-report --out run",
    );
    fine(&place, "quantize run -o turned.inkbit");
    fine(&place, "evaluate run");
}

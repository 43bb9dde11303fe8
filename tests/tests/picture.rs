//! Pictures from files become images like those that models are trained on.

use std::io::Read;
use std::path::{Path, PathBuf};

use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, imageops};
use inkbit::data::picture::{self, PictureError, Wanted, find};
use inkbit::data::synthetic::{self, Part};
use inkbit_core::image::{lay, recentre};
use inkbit_core::picture::{BYTES, Digit, Finder, LABELS, Nothing};
use inkbit_core::{Frame, Layout};
use inkbit_tests::devices::digits;
use inkbit_tests::pictures::rows;
use inkbit_tests::skipped;

const SIDE: usize = 28;
const FRAME: Frame = Frame::mnist(28);

/// A seven in MNIST's manner, 20 pixels high and centred.
fn seven() -> GrayImage {
    let drawn = GrayImage::from_fn(28, 28, |x, y| {
        let (x, y) = (x as i32, y as i32);
        let bar = (9..=21).contains(&x) && (4..=6).contains(&y);
        let stroke = (6..=23).contains(&y) && (x - (20 - (y - 6) / 2)).abs() <= 1;
        Luma([if bar || stroke { 255 } else { 0 }])
    });
    let mut centred = vec![0; SIDE * SIDE];
    recentre(drawn.as_raw(), SIDE, &mut centred);
    GrayImage::from_raw(28, 28, centred).expect("28 × 28 pixels")
}

/// The image of the one digit that is found; `None` if there is nothing.
#[track_caller]
fn from_grey(picture: &GrayImage) -> Option<Vec<u8>> {
    let mut found = find(picture, FRAME, Wanted::All).ok()?;
    assert_eq!(found.len(), 1, "digits");
    found.pop().map(|found| found.image)
}

fn enlarged(image: &GrayImage, factor: u32) -> GrayImage {
    let (width, height) = image.dimensions();
    imageops::resize(image, width * factor, height * factor, imageops::FilterType::CatmullRom)
}

/// Dark ink on light paper of the given size, with the digit's corner at `left` and `top`.
fn on_paper(digit: &GrayImage, (width, height): (u32, u32), left: u32, top: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let at = x.checked_sub(left).zip(y.checked_sub(top));
        let ink = at.and_then(|(x, y)| digit.get_pixel_checked(x, y)).map_or(0, |ink| ink.0[0]);
        Luma([235 - (u32::from(ink) * 180 / 255) as u8])
    })
}

/// Mean difference of a pixel, in levels. A centre of mass that lies between two pixels may be
/// rounded to either, so the nearest of the neighbouring places counts.
#[track_caller]
fn difference(found: Option<Vec<u8>>, expected: &GrayImage) -> f64 {
    let found = found.expect("ink");
    let places = [0, 1, 27, 28, 29, 755, 756, 757, 783];
    let sums = places.map(|place| {
        let mut moved = found.clone();
        moved.rotate_right(place);
        moved.iter().zip(expected.as_raw()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>()
    });
    f64::from(sums.into_iter().min().expect("nine places")) / found.len() as f64
}

fn inverted(mut image: GrayImage) -> GrayImage {
    imageops::invert(&mut image);
    image
}

/// Images of a kind: digits laid out in a frame, or anything that fills it.
fn of_layout(layout: Option<Layout>, side: u16) -> (Frame, Vec<Vec<u8>>) {
    let digits = synthetic::images(Part::Test, 20, 5);
    let pixels = usize::from(side) * usize::from(side);
    let frame = Frame { layout: layout.unwrap_or(Layout::AsItIs), ..Frame::mnist(side) };
    let images = (0..digits.len()).map(|number| {
        let mut image = vec![0; pixels];
        lay(digits.image(number), 28, 28, &mut image, frame);
        match (layout, number % 3) {
            // Ink to the edges, and bright paper, as photographs have it.
            (None, 0) => {
                image.iter_mut().for_each(|grey| *grey = 255 - *grey / 2);
            }
            (None, 1) => {
                image.iter_mut().enumerate().for_each(|(at, grey)| *grey |= (at * 7) as u8);
            }
            (Some(Layout::AsItIs), _) => image.rotate_right(number * 3),
            _ => {}
        }
        image
    });
    (frame, images.collect())
}

/// What `evaluate` classifies is what `predict` does, whatever the data were.
#[test]
fn test_images_that_are_saved_as_pictures_are_read_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for side in [14, 28, 45] {
        let layouts = [Layout::mnist(side), Layout::Fitted, Layout::AsItIs].map(Some);
        for layout in layouts.into_iter().chain([None]) {
            let (frame, images) = of_layout(layout, side);
            for (number, image) in images.into_iter().enumerate() {
                let path = folder.path().join(format!("{number}.png"));
                let picture = GrayImage::from_raw(side.into(), side.into(), image.clone()).unwrap();
                picture.save(&path).unwrap();
                let name = format!("{layout:?}, {side} pixels, image {number}");
                for found in
                    [picture::read(&path, frame, Wanted::All), picture::whole(&path, frame)]
                {
                    let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(found.len(), 1, "{name}");
                    assert!(found[0].image == image, "{name}: other pixels");
                }
            }
        }
    }
}

#[test]
fn a_whole_picture_is_scaled_and_neither_moved_nor_inverted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.png");
    // Its left half is white.
    let picture = GrayImage::from_fn(40_000, 2, |x, _| Luma([if x < 20_000 { 255 } else { 0 }]));
    picture.save(&path).unwrap();
    let frame = Frame { width: 4, height: 2, layout: Layout::Fitted };
    let found = picture::whole(&path, frame).unwrap();
    assert_eq!(found[0].image, [255, 255, 0, 0, 255, 255, 0, 0]);
    let Digit { left, top, width, height } = found[0].place;
    assert_eq!((left, top, width, height), (0, 0, 40_000, 2));
}

#[test]
fn an_image_of_the_models_own_kind_passes_through() {
    assert_eq!(from_grey(&seven()), Some(seven().into_raw()));
    assert_eq!(from_grey(&inverted(seven())), Some(seven().into_raw()));
}

#[test]
fn size_place_and_polarity_make_no_difference() {
    let large = enlarged(&seven(), 10);
    for (left, top) in [(0, 0), (620, 300), (200, 20)] {
        let page = on_paper(&large, (900, 600), left, top);
        assert!(difference(from_grey(&page), &seven()) < 6.0, "at {left}, {top}");
        assert!(difference(from_grey(&inverted(page)), &seven()) < 6.0);
    }
}

#[test]
fn light_noise_and_dust_do_not_become_ink() {
    let mut page = on_paper(&enlarged(&seven(), 8), (640, 480), 300, 100);
    let mut random = fastrand::Rng::with_seed(5);
    for (x, y, pixel) in page.enumerate_pixels_mut() {
        let off = f64::from(x).mul_add(1.0 / 640.0, -0.3).powi(2) + (f64::from(y) / 480.0).powi(2);
        let noise = f64::from(random.i32(-8..=8));
        let dust = if random.u32(..1000) == 0 { 0.0 } else { 1.0 };
        pixel.0[0] = ((f64::from(pixel.0[0]) * (1.0 - 0.3 * off) + noise) * dust) as u8;
    }
    assert!(difference(from_grey(&page), &seven()) < 8.0);
}

#[test]
fn a_dark_desk_beside_the_paper_is_not_ink() {
    let mut page = on_paper(&enlarged(&seven(), 8), (640, 480), 200, 100);
    for (x, y, pixel) in page.enumerate_pixels_mut() {
        if x < 40 || y > 450 {
            pixel.0[0] = 40;
        }
    }
    assert!(difference(from_grey(&page), &seven()) < 6.0);
}

#[test]
fn a_thin_pen_on_a_large_sheet_does_not_come_out_faint() {
    let sheet = GrayImage::from_fn(1800, 1500, |x, y| {
        let ring = f64::from(x).mul_add(1.0, -700.0).hypot(f64::from(y) - 800.0);
        Luma([if (ring - 500.0).abs() < 1.5 { 90 } else { 240 }])
    });
    let image = from_grey(&sheet).expect("ink");
    assert!(image.iter().filter(|&&ink| ink > 240).count() > 40);
    // 2.5 pixels wide and some 17.5 across.
    let ink: u32 = image.iter().map(|&ink| u32::from(ink)).sum();
    assert!((100..180).contains(&(ink / 255)), "{}", ink / 255);
}

#[test]
fn even_pictures_and_mere_noise_have_no_ink() {
    let mut random = fastrand::Rng::with_seed(6);
    for level in [0, 128, 255] {
        assert_eq!(from_grey(&GrayImage::from_pixel(300, 200, Luma([level]))), None);
    }
    let noise = GrayImage::from_fn(300, 200, |_, _| Luma([random.u8(100..130)]));
    assert_eq!(from_grey(&noise), None);
    assert_eq!(from_grey(&GrayImage::new(0, 0)), None);
    assert_eq!(from_grey(&GrayImage::new(1, 1)), None);
}

/// A file in a folder that goes when the test ends.
fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("a file");
    (folder, path)
}

#[test]
fn every_format_and_depth_reads_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = on_paper(&enlarged(&seven(), 5), (300, 200), 100, 30);
    let colour = image::DynamicImage::from(page.clone()).into_rgb8();
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(300, 200, |x, y| Luma([u16::from(page.get_pixel(x, y).0[0]) * 257]));
    let clear =
        GrayAlphaImage::from_fn(300, 200, |x, y| LumaA([0, 255 - page.get_pixel(x, y).0[0]]));
    let white_on_clear =
        GrayAlphaImage::from_fn(300, 200, |x, y| LumaA([255, 235 - page.get_pixel(x, y).0[0]]));
    let path = |name: &str| folder.path().join(name);
    page.save(path("grey.png")).expect("saved");
    page.save(path("grey.pgm")).expect("saved");
    page.save(path("grey.jpg")).expect("saved");
    colour.save(path("colour.png")).expect("saved");
    deep.save(path("deep.png")).expect("saved");
    clear.save(path("clear.png")).expect("saved");
    white_on_clear.save(path("white.png")).expect("saved");
    for name in ["grey.bmp", "grey.gif", "grey.tiff", "grey.webp"] {
        image::DynamicImage::from(colour.clone()).save(path(name)).expect("saved");
    }
    std::fs::copy(path("grey.png"), path("misnamed.jpg")).expect("copied");
    let expected = from_grey(&page).and_then(|image| GrayImage::from_raw(28, 28, image));
    let expected = expected.expect("ink");
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("a file").path();
        let found =
            picture::read(&path, FRAME, Wanted::All).unwrap_or_else(|error| panic!("{error:?}"));
        let [digit] = &found[..] else { panic!("{}: {found:?}", path.display()) };
        assert!(difference(Some(digit.image.clone()), &expected) < 2.0, "{}", path.display());
    }
}

#[test]
fn what_cannot_be_read_is_named_with_what_was_expected() {
    let missing =
        picture::read(Path::new("/nowhere/seven.png"), FRAME, Wanted::One).expect_err("no file");
    assert!(missing.to_string().contains("cannot read /nowhere/seven.png"), "{missing}");

    let (_folder, path) = file("text.png", b"no picture");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("text").to_string();
    assert!(error.contains("expected PNG, JPEG, WebP, TIFF, GIF, BMP or PGM"), "{error}");
    assert!(error.contains("6e 6f 20 70"), "{error}");

    let (_folder, path) = file("empty.png", b"");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("nothing").to_string();
    assert!(error.contains("an empty file"), "{error}");

    let (_folder, path) = file("cut.png", b"");
    seven().save(&path).expect("saved");
    let whole = std::fs::read(&path).expect("saved");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("half a picture");
    assert!(matches!(error, PictureError::Damaged { .. }), "{error}");

    // A decoder would fill up what is missing with grey.
    let (_folder, path) = file("cut.jpg", b"");
    seven().save(&path).expect("saved");
    let whole = std::fs::read(&path).expect("saved");
    std::fs::write(&path, &whole[..whole.len() - 2]).expect("cut");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("a JPEG without its end");
    assert!(matches!(error, PictureError::Damaged { .. }), "{error}");

    let (_folder, path) = file("none.pgm", b"P5 0 7 255\n");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("no pixels").to_string();
    assert!(error.contains("has no pixels: found a size of 0x7"), "{error}");

    let (_folder, path) = file("blank.png", b"");
    GrayImage::from_pixel(40, 30, Luma([200])).save(&path).expect("saved");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("blank").to_string();
    assert!(error.contains("shows no ink: found 40x30 pixels"), "{error}");
}

#[test]
fn a_small_file_that_claims_a_huge_picture_is_refused_before_it_is_unpacked() {
    let (_folder, path) = file("bomb.pgm", b"P5 60000 60000 255\n0");
    let error = picture::read(&path, FRAME, Wanted::One).expect_err("too large").to_string();
    assert!(error.contains("found 60000x60000 pixels, expected at most 64 million"), "{error}");
}

/// Squares of 8 pixels in rows of 32, on a picture of 768 pixels.
fn squares(count: u32) -> GrayImage {
    GrayImage::from_fn(768, 768, |x, y| {
        let place = (8..16).contains(&(x % 24)) && (8..16).contains(&(y % 24));
        let is_ink = place && y / 24 * 32 + x / 24 < count;
        Luma([if is_ink { 20 } else { 235 }])
    })
}

#[test]
fn more_digits_than_there_is_room_for_are_refused_and_none_is_lost() {
    let found = find(&squares(512), FRAME, Wanted::All).expect("digits");
    assert_eq!(found.len(), 512);
    for count in [513, 1000] {
        assert_eq!(find(&squares(count), FRAME, Wanted::All), Err(Nothing::Crowded));
    }
}

#[test]
fn many_regions_that_join_one_by_one_take_no_longer() {
    // Stairs: each step lies beside the last, and reaches a little farther up.
    let stairs = GrayImage::from_fn(768, 768, |x, y| {
        let (step, row) = (x / 3 % 250, x / 750);
        let is_ink =
            x % 3 < 2 && (row * 384 + step..row * 384 + step + 40).contains(&y) && y % 5 < 4;
        Luma([if is_ink { 20 } else { 235 }])
    });
    let start = std::time::Instant::now();
    for picture in [stairs, squares(1000)] {
        let _ = find(&picture, FRAME, Wanted::All);
        let _ = find(&picture, FRAME, Wanted::One);
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn a_picture_without_pixels_is_empty_however_high() {
    let (mut bytes, mut labels) = (vec![0; BYTES], vec![0; LABELS]);
    for size in [(0, usize::MAX), (usize::MAX, 0), (0, 0), (usize::MAX, 2)] {
        let found = Finder::new(&[], size, Wanted::All, &mut bytes, &mut labels).map(drop);
        assert_eq!(found, Err(Nothing::Empty), "{size:?}");
    }
    let mut image = [0; 784];
    inkbit_core::picture::image(&[200], 3, usize::MAX, &mut [], &mut image, FRAME);
    inkbit_core::picture::image(&[200], usize::MAX, 3, &mut [], &mut image, FRAME);
}

/// MNIST's test images if $INKBIT_DATA is set; otherwise reports the skipped test.
fn mnist() -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("INKBIT_DATA") else {
        skipped("pictures from MNIST", "INKBIT_DATA names no folder with MNIST");
        return None;
    };
    let folder = PathBuf::from(folder);
    let packed =
        std::fs::File::open(folder.join("t10k-images-idx3-ubyte.gz")).expect("test images");
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut content).expect("gzip");
    Some(content.split_off(16))
}

#[test]
fn recentring_changes_none_of_mnists_test_images_and_restores_moved_ones() {
    let Some(images) = mnist() else { return };
    for image in images.chunks(SIDE * SIDE) {
        let mut out = vec![0; SIDE * SIDE];
        recentre(image, SIDE, &mut out);
        assert_eq!(out, image);
        let blank = |lines: &[u8]| lines.iter().all(|&ink| ink == 0);
        let three = 3 * SIDE;
        if blank(&image[..three]) && image.chunks(SIDE).all(|row| blank(&row[..3])) {
            let mut moved = image.to_vec();
            moved.rotate_left(three + 3);
            recentre(&moved, SIDE, &mut out);
            assert_eq!(out, image);
        }
    }
}

#[test]
fn mnists_test_images_pass_through_almost_unchanged() {
    let Some(images) = mnist() else { return };
    let changed = images
        .chunks(SIDE * SIDE)
        .map(|image| GrayImage::from_raw(28, 28, image.to_vec()).expect("28 × 28 pixels"))
        .filter(|image| difference(from_grey(image), image) > 2.0)
        .count();
    // Those with traces of ink so faint that they are taken for paper.
    assert!(changed < 500, "{changed} of 10,000");
}

#[test]
fn digits_are_read_in_shadows_frames_rulings_and_rows() {
    for row in rows(&digits(1_000), 20) {
        assert!(row.holds(), "{row}");
    }
}

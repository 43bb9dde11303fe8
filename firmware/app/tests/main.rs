//! The app on the host, with everything a board has but the board. One binary, so that it links
//! once.

mod suite;

#[cfg(feature = "host")]
mod agreement;
mod damage;
mod equivalence;
mod errors;
mod golden;
#[cfg(feature = "host")]
mod picture;
#[cfg(feature = "host")]
mod train;

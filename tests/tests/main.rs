//! Agreement across host, core and devices. One binary, so that it links once.

mod suite;

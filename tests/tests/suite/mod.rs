mod damage;
mod equivalence;
mod errors;
mod golden;

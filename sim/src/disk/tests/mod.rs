//! Tests of the disk's heart, each against something simpler than the heart itself.

mod any_sequence;
mod faults;
mod naive;
mod power_loss;
mod reference;
mod rig;
mod rules;

//! The binary `tourbillon`: the command line over all packs of the house.

tourbillon::main!(tourbillon::packs::all());

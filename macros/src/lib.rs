//! The attribute `#[tourbillon::test]`.

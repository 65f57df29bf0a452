//! Systems under simulation.

//! The kernel of Tourbillon: scheduler, time, choice, machines, network, disk, trace.

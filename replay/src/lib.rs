//! Cases, digests, recordings, goldens and divergence.

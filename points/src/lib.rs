//! Sites and marks: named points in anybody's code that a simulation may strike or count.

package tone

// Sine returns the sine of a phase (2^32 is a turn) with 30 fractional bits, for
// signals whose frequency changes from sample to sample.
func Sine(phase uint32) int32 { return sin(phase) }

// Package clock decides what time it is. A board without a battery boots in the past,
// a network's time can be forged, and a caller's date can be anybody's: the machine
// hears every source, believes the best that can be right, and says of each what it
// made of it.
//
// Time runs on the monotonic clock from the start of the program. What a source says
// is kept as its claim: by how much it is ahead of that. The claim that is in force is
// the one offset that the book, the loop and everything that people see are reckoned
// with; whether the system's clock can be set as well does not matter.
package clock

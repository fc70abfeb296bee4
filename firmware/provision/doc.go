// Package provision sets up a box from a file that an integrator puts on the boot
// partition of its card: centralita.yaml, which is the configuration document with
// one key more, "provision", for what must not stand in a configuration: the owner's
// account, secrets, and the address. At the first start the file is checked as a
// whole, taken over, written over and removed; a result in both languages takes its
// place. A file that is not right is not taken in part: it stays, and the result
// says at which line and column. Whatever is cut off by a power cut is done again at
// the next start.
package provision

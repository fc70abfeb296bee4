// Package tel holds the words that the rooms of the firmware share: identities
// of calls, legs, ports, agents and queues, digits, causes, and text from the
// wire. It has no behaviour beyond making such a value safe and printing it.
package tel

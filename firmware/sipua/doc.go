// Package sipua is the SIP side of the appliance: the registrar of its phones,
// its trunks, and one state for every call that goes over them (RFC 3261).
//
// Three words explain it. A peer is who may talk to us: a phone that
// registered with a password, or a trunk known by its address. A call is one
// dialog and its leg; everything that happens to it passes through the mailbox
// of its Call-ID, in the order it came. A command is what the house wants of a
// call; it returns at once and what comes of it arrives as an [Event].
//
// The package opens no socket and touches no audio: sockets are given to
// Serve, and where the audio flows is settled through [Media]. It never relays
// a message, follows no redirection, and answers no stranger.
package sipua

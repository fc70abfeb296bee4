// Package app puts the house together: it opens what the configuration names,
// gives every room its neighbours, starts them, and takes them down in order.
// It decides nothing about telephony.
package app

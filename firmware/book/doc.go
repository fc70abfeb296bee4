// Package book is the memory of the appliance: one SQLite file with one writer
// in which every fact is numbered without a gap, chained by hash, and made
// durable in groups within 200 ms.
//
// Three words explain it: an event is a fact with its number and its place in
// the chain; a projection (calls, queue visits, offers, agent intervals) is a
// table that can be rebuilt from the events at any time; a cursor is how far
// an upstream sink has acknowledged. What is un-acknowledged is never dropped.
//
// A private body can be erased. Its salted digest stays, so the chain still
// verifies, and an event of its own says that it was erased and why.
package book

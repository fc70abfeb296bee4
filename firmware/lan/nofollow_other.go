//go:build !unix

package lan

// noFollow is nothing here: a keeper is of Linux.
const noFollow = 0

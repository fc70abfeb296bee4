// Package kmod holds the sources of the kernel modules of the board rig: an I²C
// adapter whose chips a program plays, an SPI controller that tells what was sent, and
// a TM1637 at two GPIO lines. They are ours, written for the rig, and are under MIT or
// GPL-2.0 as a module of the kernel must be.
package kmod

import "embed"

// Sources are the files to build, in the folder src.
//
//go:embed src/*
var Sources embed.FS

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// peerProgram is somebody else's way of doing the same, from a Debian package.
type peerProgram struct {
	name    string
	program string // in the path
	file    string // or a file, as a pattern
	pack    string
}

var peers = []peerProgram{
	{name: "spandsp", file: "/usr/include/*/spandsp.h", pack: "libspandsp-dev"},
	{name: "speexdsp", file: "/usr/include/speex/speex_echo.h", pack: "libspeexdsp-dev"},
	{name: "multimon-ng", program: "multimon-ng", pack: "multimon-ng"},
	{name: "minimodem", program: "minimodem", pack: "minimodem"},
	{name: "C compiler for the peers", program: "cc", pack: "gcc libc6-dev"},
	{name: "recorded prompts", file: "/usr/share/asterisk/sounds/*", pack: "asterisk-core-sounds-en-wav asterisk-core-sounds-es-wav"},
	{name: "espeak-ng", program: "espeak-ng", pack: "espeak-ng"},
	{name: "valgrind", program: "valgrind", pack: "valgrind"},
	{name: "sox", program: "sox", pack: "sox"},
}

// state tells whether a peer is there, or how to get it.
func (p peerProgram) state() string {
	there := false
	if p.program != "" {
		_, err := exec.LookPath(p.program)
		there = err == nil
	} else if found, err := filepath.Glob(p.file); err == nil {
		there = len(found) > 0
	}
	if !there {
		return fmt.Sprintf("%s: not installed, its columns are missing (sudo apt-get install -y --no-install-recommends %s)", p.name, p.pack)
	}
	return p.name + ": installed"
}

package main

import (
	"bytes"
	"fmt"
	"strings"
)

// envEnd is what a default environment in U-Boot's binary ends with: the last
// variable's NUL and the one that closes the list.
var envEnd = []byte{0, 0}

// patchEnvironment replaces the default environment inside a U-Boot binary by ours:
// name=value each, so that what Debian built boots our script and nothing else, neither
// from USB nor from a network, and asks nobody at the console. It must not need more
// room than what was there.
func patchEnvironment(binary []byte, vars []string) ([]byte, error) {
	mark := []byte("\x00bootcmd=")
	at := bytes.Index(binary, mark)
	if at < 0 || bytes.Contains(binary[at+1:], mark) {
		return nil, fmt.Errorf("cannot find one default environment in U-Boot: bootcmd is there %d times", bytes.Count(binary, mark))
	}
	start := at + 1
	for start > 1 { // variables before bootcmd belong to it: go back while there are name=value
		before := bytes.LastIndexByte(binary[:start-1], 0)
		if before < 0 || !isVariable(binary[before+1:start-1]) {
			break
		}
		start = before + 1
	}
	size := bytes.Index(binary[start:], envEnd)
	if size < 0 {
		return nil, fmt.Errorf("cannot find the end of U-Boot's default environment")
	}
	size += len(envEnd)
	var text []byte
	for _, v := range vars {
		if !isVariable([]byte(v)) {
			return nil, fmt.Errorf("cannot put %q into U-Boot's environment: it is not name=value", v)
		}
		text = append(append(text, v...), 0)
	}
	text = append(text, 0)
	if len(text) > size {
		return nil, fmt.Errorf("cannot put our environment into U-Boot: it has %d bytes, Debian's had %d", len(text), size)
	}
	out := bytes.Clone(binary)
	clear(out[start : start+size])
	copy(out[start:], text)
	return out, nil
}

// isVariable says whether text is name=value of printing characters.
func isVariable(text []byte) bool {
	name, _, ok := bytes.Cut(text, []byte{'='})
	if !ok || len(name) == 0 || len(name) > 32 {
		return false
	}
	for _, c := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_#", rune(c)) {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

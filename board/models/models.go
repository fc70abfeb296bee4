// Package models holds the boards that Centralita knows, one file for each: what
// is soldered where. A new board is a new file and no code.
package models

import (
	"embed"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names returns the boards that there are, sorted.
func Names() []string {
	list, err := files.ReadDir(".")
	if err != nil {
		panic("cannot list the boards in the program: " + err.Error())
	}
	var names []string
	for _, f := range list {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Read returns the file of a board and where it stands in the sources; ok is
// false when there is none of that name.
func Read(name string) (file string, data []byte, ok bool) {
	data, err := files.ReadFile(name + ".yaml")
	return "board/models/" + name + ".yaml", data, err == nil
}

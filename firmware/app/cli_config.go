package app

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/place"
)

// withDocument puts what a file says, and its name, where `config check` and `config
// apply` name one: it is read here, by the one who asks. A dash is the standard input.
func withDocument(args []string, stdin io.Reader) ([]string, error) {
	var at []int // of the words
	for i, a := range args {
		if (a == "-" || !strings.HasPrefix(a, "-")) && (i == 0 || args[i-1] != "--lang") {
			at = append(at, i)
		}
	}
	if len(at) < 3 || args[at[0]] != "config" || args[at[1]] != "check" && args[at[1]] != "apply" {
		return args, nil
	}
	i := at[2]
	name := args[i]
	if _, err := time.ParseDuration(name); err == nil {
		return args, nil
	}
	var doc []byte
	var err error
	if name == "-" {
		doc, err = io.ReadAll(io.LimitReader(stdin, place.MaxSize+1))
	} else {
		doc, err = config.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	if len(doc) > place.MaxSize {
		return nil, fmt.Errorf("cannot use %s: it has more than %d bytes", name, place.MaxSize)
	}
	text := strings.ToValidUTF8(string(doc), "\uFFFD")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if name == "-" {
		name = "stdin"
	}
	return slices.Concat(args[:i], []string{text, name}, args[i+1:]), nil
}

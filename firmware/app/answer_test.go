package app

import (
	"io"
	"strings"
	"testing"
)

func TestLineByLine(t *testing.T) {
	answer := lineByLine(strings.NewReader("ana\r\nuna frase\nlast"))
	for _, c := range []struct {
		again bool
		want  string
	}{{false, "ana"}, {false, "una frase"}, {true, "una frase"}, {false, "last"}} {
		if got, err := answer("", false, c.again); got != c.want || err != nil {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
	}
	if got, err := answer("", false, false); err != io.EOF {
		t.Errorf("behind the end: %q, %v", got, err)
	}
}

package app

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// answers answers what a command asks: the person at the terminal, without echo what
// must not show, or, where stdin is none, its next line. A line that is only wanted
// once more is the one before.
func answers(stdin *os.File, stdout io.Writer) func(prompt string, hidden, again bool) (string, error) {
	if !term.IsTerminal(int(stdin.Fd())) {
		return lineByLine(stdin)
	}
	in := bufio.NewReader(stdin)
	return func(prompt string, hidden, _ bool) (string, error) {
		if _, err := io.WriteString(stdout, prompt); err != nil {
			return "", fmt.Errorf("cannot ask: %w", err)
		}
		if !hidden {
			return readLine(in)
		}
		raw, err := term.ReadPassword(int(stdin.Fd()))
		if err == nil {
			_, err = io.WriteString(stdout, "\n")
		}
		return string(raw), err
	}
}

// lineByLine answers with one line after the other.
func lineByLine(stdin io.Reader) func(prompt string, hidden, again bool) (string, error) {
	in, before := bufio.NewReader(stdin), ""
	return func(_ string, _, again bool) (string, error) {
		if again {
			return before, nil
		}
		text, err := readLine(in)
		before = text
		return text, err
	}
}

// readLine reads one line; the last one needs no end.
func readLine(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	return strings.TrimRight(text, "\r\n"), err
}

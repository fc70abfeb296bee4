package console

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/console/edit"
)

// errEnough is the error of writing to someone who has pressed q.
var errEnough = errors.New("the reader has had enough")

// pager writes what a command says to a terminal: lines end in CR LF, control
// characters do not pass, and after each screenful it waits for a key. It belongs to
// the goroutine of the command.
type pager struct {
	ctx   context.Context
	sh    *shell
	rows  int // of a page; 0: it does not wait
	used  int // rows since the last key
	text  []byte
	over  bool // nothing more is wanted
	drawn int  // rows of the last picture
}

// Write implements io.Writer. It takes whole lines and keeps the rest for later.
func (p *pager) Write(b []byte) (int, error) {
	p.text = append(p.text, b...)
	for {
		n := bytes.IndexByte(p.text, '\n')
		if n < 0 {
			break
		}
		if err := p.line(string(p.text[:n]), true); err != nil {
			return 0, err
		}
		p.text = p.text[n+1:]
	}
	return len(b), nil
}

// flush writes the beginning of a line that has no end yet.
func (p *pager) flush() error {
	if len(p.text) == 0 {
		return nil
	}
	err := p.line(string(p.text), true)
	p.text = nil
	return err
}

// line writes one line, after a key where the page is full.
func (p *pager) line(text string, paged bool) error {
	if p.over {
		return errEnough
	}
	if p.sh.held.Load() {
		if _, err := p.sh.key(p.ctx); err != nil {
			return err
		}
		p.sh.held.Store(false)
	}
	text = harmless(text)
	rows := max(1, (edit.Columns(text)+p.sh.cols-1)/p.sh.cols)
	if paged && p.rows > 0 && p.used > 0 && p.used+rows > p.rows-1 {
		if err := p.more(); err != nil {
			return err
		}
	}
	p.used += rows
	return p.sh.write([]byte(text + "\r\n"))
}

// more waits for a key: space is a page, Enter a line, q the end.
func (p *pager) more() error {
	word := p.sh.t("--Más--", "--More--")
	if err := p.sh.write([]byte(word)); err != nil {
		return err
	}
	for {
		k, err := p.sh.key(p.ctx)
		if err != nil {
			p.over = true
			return err
		}
		switch k {
		case ' ':
			p.used = 0
		case '\r', '\n':
			p.used = p.rows - 2
		case 'q', 'Q', 0x03:
			p.over = true
		default:
			if err := p.sh.write([]byte("\a")); err != nil {
				return err
			}
			continue
		}
		n := edit.Columns(word)
		if err := p.sh.write([]byte("\r" + strings.Repeat(" ", n) + "\r")); err != nil {
			return err
		}
		if p.over {
			return errEnough
		}
		return nil
	}
}

// frame writes a picture: over the one before where the terminal can, else below it.
func (p *pager) frame(text string) error {
	if text == "" {
		return p.ctx.Err()
	}
	if p.sh.ansi && p.drawn > 0 {
		if err := p.sh.write(up(p.drawn)); err != nil {
			return err
		}
	}
	p.drawn = 0
	for line := range strings.Lines(text + "\n") {
		if p.sh.ansi {
			if err := p.sh.write([]byte("\x1b[2K")); err != nil {
				return err
			}
		}
		if err := p.line(strings.TrimSuffix(line, "\n"), false); err != nil {
			return err
		}
		p.drawn++
	}
	return nil
}

// harmless is text without what a terminal would obey: a tab is a space, what else is
// no text is dropped, a byte that is no character is a question mark.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError:
			return '?'
		case edit.Columns(string(r)) == 0:
			return -1
		}
		return r
	}, text)
}

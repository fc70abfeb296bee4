package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// width of a technician's screen.
const width = 80

// session is one command being answered.
type session struct {
	c     *Console
	r     request
	who   tel.Who
	out   io.Writer
	frame func(string) error // a picture that replaces the one before
	lang  tel.Lang
	now   time.Time
	err   error  // first error of out; what follows is not written
	sh    *shell // nil: no person sits there
	asker asker  // nil: nobody can be asked but at a shell

	stream *Stream // nil: there is nothing but text
}

// t chooses the words.
func (s *session) t(es, en string) string {
	if s.lang == tel.English {
		return en
	}
	return es
}

func (s *session) printf(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.out, format, args...)
	}
}

// row prints cells with their widths, cut to the screen, no spaces at the end.
// A negative width aligns to the right.
func (s *session) row(widths []int, cells ...string) {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(cell(c, widths[i]))
	}
	s.line(b.String())
}

// line prints one line, cut to the screen.
func (s *session) line(text string) {
	if utf8.RuneCountInString(text) > width {
		text = string([]rune(text)[:width])
	}
	s.printf("%s\n", strings.TrimRight(text, " "))
}

// cell brings text to a width: cut or padded; negative aligns to the right.
func cell(text string, w int) string {
	right := w < 0
	if right {
		w = -w
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n > w:
		return string([]rune(text)[:w])
	case right:
		return strings.Repeat(" ", w-n) + text
	}
	return text + strings.Repeat(" ", w-n)
}

// wrap breaks a sentence into lines with an indent.
func (s *session) wrap(first, indent, text string) {
	line := first
	for _, word := range strings.Fields(text) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width && strings.TrimSpace(line) != "" {
			s.line(line)
			line = indent
		}
		if line != "" && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	s.line(line)
}

// json prints one object as a line.
func (s *session) json(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		s.err = errors.Join(s.err, err)
		return
	}
	s.printf("%s\n", raw)
}

// refusal is an error that Control says in both languages.
type refusal interface {
	error
	In(tel.Lang) string
}

// fail prints an error for people and returns code.
func (s *session) fail(code int, err error) int {
	text := err.Error()
	if u, ok := errors.AsType[usageError](err); ok {
		text = s.t(u.es, u.en)
	} else if r, ok := errors.AsType[refusal](err); ok {
		text = r.In(s.lang)
	} else {
		text = s.plain(text)
	}
	if s.stream != nil && !s.r.json {
		s.beside()
	}
	if s.r.json {
		s.json(map[string]string{"error": safe(text)})
	} else {
		s.wrap("", "  ", safe(text))
	}
	if code == Usage && !s.r.json {
		if s.sh != nil || s.who.Via == tel.DoorSSH { // where ssh … help asks
			s.line(s.t("`help` dice las órdenes.", "`help` lists the commands."))
		} else {
			s.line(s.t("`centralita help` dice las órdenes.", "`centralita help` lists the commands."))
		}
	}
	return code
}

// stopped says that the command needs the daemon.
func (s *session) stopped() int {
	return s.fail(Unreachable, usageError{
		"La centralita no está en marcha aquí; pista: `centralita run`, o indique su carpeta con --data.",
		"No centralita is running here; hint: `centralita run`, or name its folder with --data.",
	})
}

// picture returns the present snapshot, or false when there is no daemon.
func (s *session) picture() (*view.Snapshot, bool) {
	if s.c.d.View == nil {
		return nil, false
	}
	return s.c.d.View(), true
}

// safe makes text from anywhere harmless for a terminal, word by word, so that
// its length stays.
func safe(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = tel.CleanText(w).String()
	}
	return strings.Join(words, " ")
}

// since says how long ago an instant was, as 3:42 or 1:03:42.
func (s *session) since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return span(s.now.Sub(t))
}

func span(d time.Duration) string {
	n := int(max(0, d) / time.Second)
	if n >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// clock says a time of day.
func (s *session) clock(t time.Time) string { return t.In(s.c.d.Location).Format("15:04:05") }

// day says a day and a time to the minute.
func (s *session) day(t time.Time) string {
	t = t.In(s.c.d.Location)
	months := s.t("ene feb mar abr may jun jul ago sep oct nov dic", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
	return fmt.Sprintf("%d %s %s", t.Day(), strings.Fields(months)[t.Month()-1], t.Format("15:04"))
}

// sign is the lamp's character.
func sign(l view.Lamp) string { return string(rune(l.Look().Sign)) }

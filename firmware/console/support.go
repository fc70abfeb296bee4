package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/tel"
)

// SupportPart is one file of a bundle.
type SupportPart struct {
	Name string `json:"name"`
	ES   string `json:"es"`
	EN   string `json:"en"`
}

// Support makes bundles for whoever helps from afar, and books who took them.
type Support interface {
	// List is what a bundle holds.
	List() []SupportPart
	// Save makes one in the data folder; name is empty for one of its own.
	Save(ctx context.Context, who tel.Who, name string) (path string, size int64, err error)
	// Write writes one to w.
	Write(ctx context.Context, who tel.Who, w io.Writer) error
	// ToStick writes one to the only USB stick; name is empty for one of its own.
	ToStick(ctx context.Context, who tel.Who, name string, progress func(stick.Progress)) (stick.Moved, error)
}

var supportCommands = []command{
	{"support bundle", "[usb|FILE] …", "un fichero para quien ayuda a distancia", "one file for whoever helps from afar", 0, 2, false, tel.Technician, "--json --list", supportBundle},
}

// supportBundle makes a bundle, says what it would hold, or prints it for a line that
// carries nothing but text.
func supportBundle(ctx context.Context, s *session) int {
	d := s.c.d.Support
	if d == nil {
		return s.stopped()
	}
	name := ""
	if len(s.r.args) > 0 {
		name = s.r.args[0]
	}
	switch {
	case s.r.list:
		return s.listSupport(d.List())
	case name == "" && s.raw() && !s.r.json:
		s.beside()
		if err := d.Write(ctx, s.who, s.stream.Out); err != nil {
			return s.fail(NotFine, err)
		}
		return Fine
	case name == "usb":
		m, err := d.ToStick(ctx, s.who, strings.Join(s.r.args[1:], ""), s.tellStick())
		if err != nil {
			return s.fail(NotFine, err)
		}
		return s.onStick(m)
	case len(s.r.args) > 1:
		return s.fail(Usage, usageError{"se escribe: support bundle [FICHERO | usb [NOMBRE] | base64]", "write: support bundle [FILE | usb [NAME] | base64]"})
	case name == "base64":
		var b bytes.Buffer
		if err := d.Write(ctx, s.who, &b); err != nil {
			return s.fail(NotFine, err)
		}
		text := base64.StdEncoding.EncodeToString(b.Bytes())
		for len(text) > 0 {
			n := min(len(text), 76) // RFC 2045 § 6.8
			s.printf("%s\n", text[:n])
			text = text[n:]
		}
		return Fine
	}
	path, size, err := d.Save(ctx, s.who, name)
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(map[string]any{"path": path, "size": size})
		return Fine
	}
	s.line(safe(path))
	s.line(fmt.Sprintf(s.t("%d kB, sin claves, nombres ni números; qué lleva: support bundle --list", "%d kB, without secrets, names and numbers; what is in it: support bundle --list"), (size+999)/1000))
	return Fine
}

func (s *session) listSupport(parts []SupportPart) int {
	for _, p := range parts {
		if s.r.json {
			s.json(p)
			continue
		}
		s.wrap(cell(p.Name, 14)+" ", "               ", s.t(p.ES, p.EN))
	}
	return Fine
}

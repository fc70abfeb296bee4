package console

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// Stream is what a command has that came without a session: over SSH whole files go
// through it in both directions.
type Stream struct {
	From string
	In   io.Reader // nil: nothing can be sent along
	Out  io.Writer
	Err  io.Writer // for people; it may be Out
	Raw  bool      // bytes come through as they are: there is no terminal on the way
}

// ExecLine does one command as it is typed, for who.
func (c *Console) ExecLine(ctx context.Context, who tel.Who, line string, st Stream) int {
	args, err := Words(line)
	if err != nil {
		s := &session{c: c, out: st.Out, lang: c.lang(""), stream: &st}
		return s.fail(Usage, err)
	}
	return c.do(ctx, asked{who: who, args: args, out: st.Out, stream: &st})
}

// beside lets what is said from now on go to the person, not into the file.
func (s *session) beside() {
	if s.stream != nil {
		s.out = s.stream.Err
	}
}

// raw reports whether whole files can be given and taken here.
func (s *session) raw() bool { return s.stream != nil && s.stream.Raw }

// maxPhrase bounds a passphrase that is sent along, in bytes.
const maxPhrase = 1 << 10

// passphrase asks for one, twice where a file is to be made with it. Over SSH without
// a terminal it is the first line of what is sent along.
func (s *session) passphrase(ctx context.Context, twice bool) (string, error) {
	if s.stream != nil && s.stream.In != nil && !s.canAsk() {
		return firstLine(s.stream.In)
	}
	ask := s.secret
	if twice {
		ask = s.twice
	}
	return ask(ctx, "Frase de paso de la copia", "Passphrase of the backup")
}

// firstLine reads a line and nothing behind it.
func firstLine(in io.Reader) (string, error) {
	var line strings.Builder
	for b := make([]byte, 1); line.Len() < maxPhrase; {
		n, err := in.Read(b)
		switch {
		case n == 1 && b[0] == '\n', err != nil && errors.Is(err, io.EOF) && line.Len() > 0:
			return strings.TrimSuffix(line.String(), "\r"), nil
		case n == 1:
			line.WriteByte(b[0])
		case err != nil:
			return "", usageError{"falta la frase de paso: es la primera línea de lo que se envía", "the passphrase is missing: it is the first line of what is sent along"}
		}
	}
	return "", usageError{"la frase de paso no acaba", "the passphrase does not end"}
}

package screen

import "bytes"

// framer cuts a byte stream into messages (RFC 3261 section 18.3). Its buffer is
// bounded by one message.
type framer struct {
	buf  []byte
	seen int // bytes already searched for the end of the head
	need int // size of the message at the front, 0 while its head is incomplete
	crlf int // line ends in a row between messages
	ping bool
}

// add appends bytes from the wire.
func (f *framer) add(b []byte) { f.buf = append(f.buf, b...) }

// between reports whether no message has begun.
func (f *framer) between() bool { return len(f.buf) == 0 }

// next returns the message at the front, nil when it is not complete. fatal means
// that the stream has lost its frame: the returned bytes are the head that cannot
// be trusted, for the answer, and nothing after it may be read.
func (f *framer) next() (msg []byte, fatal bool) {
	if f.need == 0 {
		f.trim()
		from := max(0, f.seen-3)
		end := bytes.Index(f.buf[from:], []byte("\r\n\r\n"))
		if end < 0 {
			f.seen = len(f.buf)
			return nil, len(f.buf) > maxHead
		}
		end += from + 4
		length, ok := headLength(f.buf[:end])
		if !ok || end+length > MaxMessage {
			return f.buf[:end], true
		}
		f.need = end + length
	}
	if len(f.buf) < f.need {
		return nil, false
	}
	msg = bytes.Clone(f.buf[:f.need])
	f.buf = append(f.buf[:0], f.buf[f.need:]...)
	f.seen, f.need = 0, 0
	return msg, false
}

// trim drops the CR LF before a start line (RFC 3261 section 7.5); two of them
// are a ping (RFC 5626 section 3.5.1).
func (f *framer) trim() {
	n := 0
	for len(f.buf) >= n+2 && f.buf[n] == '\r' && f.buf[n+1] == '\n' {
		n += 2
		if f.crlf++; f.crlf%2 == 0 {
			f.ping = true
		}
	}
	if len(f.buf) > n+1 {
		f.crlf = 0
	}
	if n > 0 {
		f.buf = append(f.buf[:0], f.buf[n:]...)
		f.seen = max(0, f.seen-n)
	}
}

// headLength reads the Content-Length of a complete head; ok is false when it is
// missing, doubled, folded or no number.
func headLength(head []byte) (n int, ok bool) {
	m, f := split(head)
	if f != nil {
		return 0, false
	}
	x, count := m.one("content-length")
	if count != 1 {
		return 0, false
	}
	return contentLength(x)
}

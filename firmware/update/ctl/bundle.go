// Package ctl is the file that an update comes in: one slot image with a signed
// manifest. It is read as a stream, in bounded memory, and nothing of it is
// believed before its signatures fit.
//
// A bundle (*.ctl), all lengths in bytes, big endian:
//
//	"CENTRALITA-BUNDLE 1\n"
//	uint32   length of the manifest, at most 64 KiB
//	manifest canonical JSON: Manifest
//	uint32   length of the signatures, a multiple of 72, at most 16 of them
//	8 bytes  key id: the first of the SHA-256 of the public key
//	64 bytes Ed25519 (RFC 8032) over "centralita bundle v1\0" and the SHA-256 of the manifest
//	…        further signatures
//	payload  manifest.payload.stored bytes: the slot image, gzip (RFC 1952) or as it is
//
// and nothing behind it. The manifest carries two sums of the payload: of the bytes
// stored, so that a file is judged before it is unpacked, and of the slot image, by
// which the slot is judged when it is read back.
package ctl

import (
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
)

const magic = "CENTRALITA-BUNDLE 1\n"

const (
	sigSize = len(KeyID{}) + ed25519.SignatureSize
	maxSigs = 16
)

// MaxHeader is the most that stands before the payload, in bytes.
const MaxHeader = len(magic) + 4 + maxManifest + 4 + maxSigs*sigSize

// Header is what stands before the payload.
type Header struct {
	Manifest []byte // as it was signed
	sigs     []signature
}

// Size returns the header's bytes in the file.
func (h Header) Size() int64 {
	return int64(len(magic) + 4 + len(h.Manifest) + 4 + len(h.sigs)*sigSize)
}

// Signers returns the names of the keys that have signed, or claim to have.
func (h Header) Signers() []KeyID {
	ids := make([]KeyID, len(h.sigs))
	for i, s := range h.sigs {
		ids[i] = s.id
	}
	return ids
}

// Unverified reads the manifest without asking for signatures: for people who look
// at a file, never for a box.
func (h Header) Unverified() (Manifest, error) { return decode(h.Manifest) }

// ReadHeader reads up to the payload and no further. It believes nothing.
func ReadHeader(r io.Reader) (Header, error) {
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(r, start); err != nil && !ended(err) {
		return Header{}, fmt.Errorf("cannot read the bundle: %w", err)
	}
	if string(start) != magic {
		return Header{}, notABundle()
	}
	manifest, err := block(r, maxManifest)
	if err != nil {
		return Header{}, err
	}
	rows, err := block(r, maxSigs*sigSize)
	if err != nil {
		return Header{}, err
	}
	if len(rows)%sigSize != 0 {
		return Header{}, malformed("signatures")
	}
	h := Header{Manifest: manifest}
	for ; len(rows) > 0; rows = rows[sigSize:] {
		h.sigs = append(h.sigs, signature{KeyID(rows[:8]), [ed25519.SignatureSize]byte(rows[8:sigSize])})
	}
	return h, nil
}

// block reads a length and as many bytes.
func block(r io.Reader, most int) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, short(err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > uint32(most) {
		return nil, malformed(fmt.Sprintf("%d > %d", n, most))
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, short(err)
	}
	return b, nil
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// short names the end of a file that came too early.
func short(err error) error {
	if ended(err) {
		return truncated()
	}
	return fmt.Errorf("cannot read the bundle: %w", err)
}

// Verify checks the signatures and only then reads the manifest.
func (h Header) Verify(k *Keys) (Manifest, error) {
	if err := k.verify(h.Manifest, h.sigs); err != nil {
		return Manifest{}, err
	}
	return decode(h.Manifest)
}

// NewHeader returns the header of a bundle that nobody has signed yet.
func NewHeader(m Manifest) (Header, error) {
	manifest, err := m.Encode()
	return Header{Manifest: manifest}, err
}

// Signed returns the header with the signatures of further keys behind its own, so
// that keys can be kept apart.
func (h Header) Signed(keys ...ed25519.PrivateKey) (Header, error) {
	if n := len(h.sigs) + len(keys); n == 0 || n > maxSigs {
		return Header{}, fmt.Errorf("cannot sign a bundle %d times: 1 to %d", n, maxSigs)
	}
	h.sigs = slices.Clone(h.sigs)
	for _, k := range keys {
		s := signature{id: IDOf(k.Public().(ed25519.PublicKey))}
		copy(s.sig[:], ed25519.Sign(k, message(h.Manifest)))
		h.sigs = append(h.sigs, s)
	}
	return h, nil
}

// WriteTo implements io.WriterTo; the payload follows.
func (h Header) WriteTo(w io.Writer) (int64, error) {
	b := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(h.Manifest)))
	b = append(b, h.Manifest...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(h.sigs)*sigSize))
	for _, s := range h.sigs {
		b = append(append(b, s.id[:]...), s.sig[:]...)
	}
	n, err := w.Write(b)
	if err != nil {
		err = fmt.Errorf("cannot write the bundle: %w", err)
	}
	return int64(n), err
}

// Pack stores a slot image as the payload of a bundle and describes it. The same
// image is stored as the same bytes.
func Pack(w io.Writer, image io.Reader, coding string) (Payload, error) {
	raw, stored := &counted{sum: sha256.New()}, &counted{sum: sha256.New()}
	to := io.MultiWriter(w, stored)
	var err error
	switch coding {
	case "none":
		_, err = io.Copy(io.MultiWriter(to, raw), image)
	case "gzip":
		z, zerr := gzip.NewWriterLevel(to, gzip.BestCompression)
		if zerr != nil {
			return Payload{}, fmt.Errorf("cannot pack the image: %w", zerr)
		}
		_, err = io.Copy(io.MultiWriter(z, raw), image)
		err = errors.Join(err, z.Close())
	default:
		return Payload{}, fmt.Errorf("cannot pack the image as %q: gzip or none", coding)
	}
	if err != nil {
		return Payload{}, fmt.Errorf("cannot pack the image: %w", err)
	}
	return Payload{Size: raw.n, SHA256: raw.hex(), Coding: coding, Stored: stored.n, StoredSHA256: stored.hex()}, nil
}

// counted sums what is written to it.
type counted struct {
	sum hash.Hash
	n   int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.sum.Write(b)
}

func (c *counted) hex() string { return hex.EncodeToString(c.sum.Sum(nil)) }

// Check reads the payload as it is stored, up to the end of the file, and compares it
// with the manifest: it says whether a file is worth unpacking.
func Check(r io.Reader, p Payload) error {
	c := &counted{sum: sha256.New()}
	switch _, err := io.CopyN(c, r, p.Stored); {
	case err != nil:
		return short(err)
	case c.hex() != p.StoredSHA256:
		return damaged()
	}
	return atEnd(r)
}

// atEnd reports what follows where nothing should.
func atEnd(r io.Reader) error {
	var more [1]byte
	switch _, err := io.ReadFull(r, more[:]); {
	case err == nil:
		return trailing()
	case !ended(err):
		return fmt.Errorf("cannot read the bundle: %w", err)
	}
	return nil
}

// Unpack copies the slot image out of the payload, never more than the manifest says,
// and compares both sums. What was written counts only when it returns nil.
func Unpack(w io.Writer, r io.Reader, p Payload) error {
	stored, raw := &counted{sum: sha256.New()}, &counted{sum: sha256.New()}
	file, to := &faults{r: r}, &faults{w: w}
	in := io.TeeReader(io.LimitReader(file, p.Stored), stored)
	// judge says whether reading failed, the file ended, or what it holds is wrong.
	judge := func() error {
		switch {
		case to.err != nil:
			return to.err // the slot says itself what is wrong
		case file.err != nil:
			return fmt.Errorf("cannot read the bundle: %w", file.err)
		case stored.n < p.Stored && file.end:
			return truncated()
		}
		return damaged()
	}
	image := in
	if p.Coding == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return judge()
		}
		z.Multistream(false)
		image = z
	}
	if _, err := io.CopyN(io.MultiWriter(to, raw), image, p.Size); err != nil || to.err != nil { // CopyN forgets an error of the last write
		return judge()
	}
	var more [1]byte
	if _, err := io.ReadFull(image, more[:]); !errors.Is(err, io.EOF) {
		return judge() // a byte too many, or a sum of gzip that does not fit
	}
	if _, err := io.Copy(io.Discard, in); err != nil || stored.n < p.Stored {
		return judge()
	}
	if raw.hex() != p.SHA256 || stored.hex() != p.StoredSHA256 {
		return damaged()
	}
	return atEnd(r)
}

// faults remembers the end and the errors of what it stands before, apart from those
// of the unpacking.
type faults struct {
	r   io.Reader
	w   io.Writer
	end bool
	err error
}

func (f *faults) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if errors.Is(err, io.EOF) {
		f.end = true
	} else if err != nil {
		f.err = err
	}
	return n, err
}

func (f *faults) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err != nil {
		f.err = err
	}
	return n, err
}

// Image returns the sum of the slot image; m was checked.
func (m Manifest) Image() [sha256.Size]byte {
	var s [sha256.Size]byte
	_, _ = hex.Decode(s[:], []byte(m.Payload.SHA256)) // check has seen to it
	return s
}

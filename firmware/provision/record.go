package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/durable"
)

// RecordName is the file in the data folder with what came of provisioning.
const RecordName = "provision.json"

// maxProblems are listed for people; the rest is counted.
const maxProblems = 40

// State is how far a file came.
type State string

// The states.
const (
	Nothing State = ""        // there was no file
	Begun   State = "begun"   // it is being taken over
	Taken   State = "taken"   // it was
	Refused State = "refused" // it was not, and nothing of it
)

// Record is what came of the last file.
type Record struct {
	State    State     `json:"state"`
	At       time.Time `json:"at"`
	Digest   string    `json:"digest,omitempty"` // of the file, while it is there
	Size     int       `json:"size,omitempty"`
	Wiped    bool      `json:"wiped,omitempty"`     // Taken: nothing of it is left on the boot partition
	Left     string    `json:"left,omitempty"`      // why it could not be wiped
	ES       string    `json:"reason_es,omitempty"` // Refused
	EN       string    `json:"reason_en,omitempty"`
	Problems []string  `json:"problems,omitempty"` // FILE:LINE:COL: what, why, hint
	Spanish  []string  `json:"problems_es,omitempty"`
	Untold   string    `json:"-"` // why the result could not be written
}

// Load reads the record of a data folder; none is the zero one. One that cannot be
// read counts as none: it decides only what is done again.
func Load(data string) (Record, error) {
	raw, err := readSmall(filepath.Join(data, RecordName), 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("cannot read what came of the provisioning file: %w", err)
	}
	var r Record
	if json.Unmarshal(raw, &r) != nil {
		return Record{}, nil
	}
	return r, nil
}

func save(disk durable.Disk, data string, r Record) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = disk.WriteFile(filepath.Join(data, RecordName), append(raw, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot write down what came of the provisioning file: %w", err)
	}
	return nil
}

// Text is the result for people, in both languages, with the line ends that every
// editor knows. It holds no secret.
func (r Record) Text() []byte {
	var es, en []string
	switch r.State {
	case Nothing:
		return nil
	case Begun:
		es = []string{"La caja no terminó de tomar el archivo; lo intentará otra vez al arrancar."}
		en = []string{"The box did not finish taking the file over; it will try again at the next start."}
	case Taken:
		es = []string{"La caja se configuró con el archivo " + FileName + "."}
		en = []string{"The box was set up from the file " + FileName + "."}
		if r.Left != "" {
			es = append(es, "EL ARCHIVO NO SE PUDO BORRAR ("+r.Left+"): bórrelo a mano, puede tener claves.")
			en = append(en, "THE FILE COULD NOT BE ERASED ("+r.Left+"): erase it by hand, it may hold keys.")
		} else {
			es = append(es, "El archivo se sobrescribió y se borró. Una tarjeta de memoria puede conservar sectores viejos:",
				"si las claves del archivo deben ser seguras, cámbielas después, o destruya la tarjeta al retirarla.")
			en = append(en, "The file was written over and removed. A memory card may keep old sectors:",
				"if the keys in it have to be safe, change them later, or destroy the card when it goes.")
		}
	case Refused:
		es = []string{"NO se tomó el archivo: " + r.ES}
		en = []string{"The file was NOT taken over: " + r.EN}
	}
	lines := []string{"Centralita", r.At.UTC().Format("2006-01-02 15:04 UTC"), ""}
	lines = slices.Concat(lines, es, r.Spanish, []string{""}, en, r.Problems)
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

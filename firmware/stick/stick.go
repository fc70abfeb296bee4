// Package stick carries files between the box and a USB stick. The program that makes
// and reads them may mount nothing, so it leaves a file in a folder of its own and asks
// the keeper: the one who mounts knows nothing of what is in it and trusts no name he
// is told.
//
// A file that is put on a stick has another name until it is whole, is brought to the
// stick, and is read back after the stick was let go of once: only then may it be
// pulled out, and is said to be there.
package stick

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// What can be asked of the keeper.
const (
	Put = "stick-put" // with PutAsked, answers Moved
	Get = "stick-get" // with GetAsked, answers Moved
)

// Folder is the folder in the program's data folder through which files go.
const Folder = "stick"

// Ending is how the names of backups end.
const Ending = ".backup"

// PutAsked is a file of Folder that is to go to the only stick.
type PutAsked struct {
	File string `json:"file"`
}

// GetAsked is a file in the top folder of a stick that is to come into Folder; empty is
// the only backup there is.
type GetAsked struct {
	File string `json:"file,omitempty"`
}

// Moved is what was carried.
type Moved struct {
	Device string `json:"device"` // of the stick: sda1
	File   string `json:"file"`
	Size   int64  `json:"size"` // bytes
}

// Progress is how far it is, in bytes.
type Progress struct {
	Step string `json:"step"`
	Done int64  `json:"done"`
	Of   int64  `json:"of"`
}

// Steps of Progress.
const (
	Writing   = "writing"
	Verifying = "verifying"
	Reading   = "reading"
)

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9]$`)

// CheckName says why a name will do neither on a stick nor in Folder. What does is a
// name on FAT, exFAT and ext4, and no path.
func CheckName(name string) error {
	if !names.MatchString(name) || strings.HasSuffix(name, halfway) {
		return notice("el nombre de un fichero tiene de 2 a 64 letras sin acento, cifras, punto, guion; empieza y acaba en letra o cifra",
			"a file's name has 2 to 64 letters, digits, dots and dashes; it begins and ends with a letter or digit")
	}
	return nil
}

// halfway ends the name of a file that is not whole yet.
const halfway = ".new"

// Notice is an error for people in both languages.
type Notice struct{ ES, EN string }

func (n *Notice) Error() string { return n.EN }

// In says it in one language.
func (n *Notice) In(l tel.Lang) string {
	if l == tel.Spanish {
		return n.ES
	}
	return n.EN
}

func notice(es, en string, values ...any) error {
	return &Notice{ES: fmt.Sprintf(es, values...), EN: fmt.Sprintf(en, values...)}
}

// Checks what stanch signs and proves with Go's own packages for signed notes and transparency logs. It contains no
// hashing, no proof and no signature code of its own.
//
// Input: a folder with vkey, checkpoint, inclusion.txt and consistency.txt (one case a line), and tiles/.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Printf("FAIL %s: %v\n", what, err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err, path)
	return data
}

func hash(text string) tlog.Hash {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err, "base64")
	var out tlog.Hash
	if copy(out[:], data) != tlog.HashSize || len(data) != tlog.HashSize {
		must(fmt.Errorf("%d bytes", len(data)), "hash")
	}
	return out
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err, "number")
	return n
}

func hashes(words []string) []tlog.Hash {
	out := []tlog.Hash{}
	for _, word := range words {
		out = append(out, hash(word))
	}
	return out
}

func lines(path string) [][]string {
	file, err := os.Open(path)
	must(err, path)
	defer file.Close()
	out := [][]string{}
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		out = append(out, strings.Split(scanner.Text(), " "))
	}
	must(scanner.Err(), path)
	return out
}

type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	out := [][]byte{}
	for _, tile := range wanted {
		// Go writes the height into the path, C2SP tlog-tiles does not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	folder := os.Args[1]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(filepath.Join(folder, "vkey")))))
	must(err, "vkey")
	opened, err := note.Open(read(filepath.Join(folder, "checkpoint")), note.VerifierList(verifier))
	must(err, "note.Open")
	if len(opened.Sigs) != 1 {
		must(fmt.Errorf("%d", len(opened.Sigs)), "verified signatures")
	}
	body := strings.Split(opened.Text, "\n")
	tree := tlog.Tree{N: number(body[1]), Hash: hash(body[2])}
	fmt.Printf("checkpoint of %s, size %d: accepted by note.Open\n", body[0], tree.N)

	accepted, rejected := 0, 0
	// index size root leaf path...
	for _, line := range lines(filepath.Join(folder, "inclusion.txt")) {
		path := tlog.RecordProof(hashes(line[4:]))
		must(tlog.CheckRecord(path, number(line[1]), hash(line[2]), number(line[0]), hash(line[3])), "inclusion "+line[0]+" in "+line[1])
		accepted++
		wrong := hash(line[3])
		wrong[0] ^= 1
		if tlog.CheckRecord(path, number(line[1]), hash(line[2]), number(line[0]), wrong) == nil {
			must(fmt.Errorf("accepted"), "inclusion of a wrong leaf")
		}
		rejected++
	}
	fmt.Printf("inclusion proofs: %d accepted by tlog.CheckRecord, %d with a wrong leaf rejected\n", accepted, rejected)
	accepted, rejected = 0, 0
	// older size olderRoot root path...
	for _, line := range lines(filepath.Join(folder, "consistency.txt")) {
		path := tlog.TreeProof(hashes(line[4:]))
		must(tlog.CheckTree(path, number(line[1]), hash(line[3]), number(line[0]), hash(line[2])), "consistency "+line[0]+" to "+line[1])
		accepted++
		wrong := hash(line[2])
		wrong[0] ^= 1
		if tlog.CheckTree(path, number(line[1]), hash(line[3]), number(line[0]), wrong) == nil {
			must(fmt.Errorf("accepted"), "consistency with a wrong root")
		}
		rejected++
	}
	fmt.Printf("consistency proofs: %d accepted by tlog.CheckTree, %d with a wrong root rejected\n", accepted, rejected)

	reader := tlog.TileHashReader(tree, tiles{filepath.Join(folder, "tiles")})
	root, err := tlog.TreeHash(tree.N, reader)
	must(err, "tiles: TreeHash")
	if root != tree.Hash {
		must(fmt.Errorf("%v", root), "tiles: root")
	}
	entries := int64(0)
	for seq := int64(0); seq < tree.N; {
		index := seq / 256
		width := tree.N - index*256
		name := fmt.Sprintf("tile/entries/%03d", index)
		if width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		data := read(filepath.Join(folder, "tiles", name))
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			record := data[2 : 2+length]
			data = data[2+length:]
			if bytes.ContainsRune(record, '\n') {
				must(fmt.Errorf("line end"), "entry")
			}
			stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, seq)})
			must(err, "tiles: leaf")
			if stored[0] != tlog.RecordHash(record) {
				must(fmt.Errorf("record %d", seq), "entry is not its leaf")
			}
			entries++
			seq++
		}
	}
	fmt.Printf("tiles: root and %d entries authenticated by tlog.TileHashReader\n", entries)
}

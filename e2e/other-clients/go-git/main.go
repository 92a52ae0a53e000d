// go-git as a client: one command of the tests per run, on the repository in a folder.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

var author = &object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1700000000, 0)}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: client push|clone|shallow|fetch|commit URL FOLDER")
		os.Exit(2)
	}
	command, url, folder := os.Args[1], os.Args[2], os.Args[3]
	commands := map[string]func(url, folder string) error{
		"push": push, "clone": clone, "shallow": shallow, "fetch": fetch, "commit": commit,
	}
	run, known := commands[command]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown command", command)
		os.Exit(2)
	}
	if err := run(url, folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Makes a commit in a new repository and pushes it to main, and an annotated tag of it.
func push(url, folder string) error {
	options := &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.Main}}
	repository, err := git.PlainInitWithOptions(folder, options)
	if err != nil {
		return err
	}
	files := map[string][]byte{"README.md": []byte("Read me\n"), "src/empty": {}, "src/large": make([]byte, 400000)}
	head, err := commitFiles(repository, folder, files, "First")
	if err != nil {
		return err
	}
	_, err = repository.CreateTag("v1", head, &git.CreateTagOptions{Tagger: author, Message: "First tag"})
	if err != nil {
		return err
	}
	if _, err = repository.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{url}}); err != nil {
		return err
	}
	return repository.Push(&git.PushOptions{RefSpecs: []config.RefSpec{
		"refs/heads/main:refs/heads/main", "refs/tags/v1:refs/tags/v1",
	}})
}

func clone(url, folder string) error {
	_, err := git.PlainClone(folder, false, &git.CloneOptions{URL: url})
	return err
}

func shallow(url, folder string) error {
	_, err := git.PlainClone(folder, false, &git.CloneOptions{URL: url, Depth: 1, SingleBranch: true})
	return err
}

// Prints the id of the remote's main.
func fetch(_, folder string) error {
	repository, err := git.PlainOpen(folder)
	if err != nil {
		return err
	}
	if err = repository.Fetch(&git.FetchOptions{}); err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate) {
		return err
	}
	main, err := repository.Reference("refs/remotes/origin/main", true)
	if err != nil {
		return err
	}
	fmt.Println(main.Hash())
	return nil
}

// Puts a commit onto what was fetched and pushes it. Prints its id.
func commit(_, folder string) error {
	repository, err := git.PlainOpen(folder)
	if err != nil {
		return err
	}
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	if err = tree.Pull(&git.PullOptions{}); err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate) {
		return err
	}
	head, err := commitFiles(repository, folder, map[string][]byte{"src/more": []byte("More\n")}, "More")
	if err != nil {
		return err
	}
	fmt.Println(head)
	return repository.Push(&git.PushOptions{})
}

func commitFiles(
	repository *git.Repository, folder string, files map[string][]byte, message string,
) (plumbing.Hash, error) {
	tree, err := repository.Worktree()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return plumbing.ZeroHash, err
		}
		if err = os.WriteFile(path, content, 0o644); err != nil {
			return plumbing.ZeroHash, err
		}
		if _, err = tree.Add(name); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	return tree.Commit(message, &git.CommitOptions{Author: author})
}

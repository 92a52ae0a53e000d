// JGit as a client: one command of the tests per run, on the repository in a folder.

import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.TransportCommand;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.transport.PushResult;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.RemoteRefUpdate;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;

public final class Client {
  private static final PersonIdent AUTHOR = new PersonIdent("A", "a@example.com");

  private final String url;
  private final File folder;
  private final UsernamePasswordCredentialsProvider credentials;

  private Client(URI address, File folder) {
    String[] parts = address.getRawUserInfo().split(":", 2);
    credentials = new UsernamePasswordCredentialsProvider(parts[0], parts[1]);
    url = address.toString().replace(address.getRawUserInfo() + "@", "");
    this.folder = folder;
  }

  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      throw new IllegalArgumentException("usage: Client push|clone|shallow|fetch|commit URL FOLDER");
    }
    Client client = new Client(new URI(args[1]), new File(args[2]));
    switch (args[0]) {
      case "push" -> client.push();
      case "clone" -> client.cloneInto(null);
      case "shallow" -> client.cloneInto(1);
      case "fetch" -> client.fetch();
      case "commit" -> client.commit();
      default -> throw new IllegalArgumentException("unknown command " + args[0]);
    }
  }

  /** Makes a commit in a new repository and pushes it to main, and an annotated tag of it. */
  private void push() throws Exception {
    try (Git git = Git.init().setDirectory(folder).setInitialBranch("main").call()) {
      Map<String, byte[]> files = new LinkedHashMap<>();
      files.put("README.md", "Read me\n".getBytes());
      files.put("src/empty", new byte[0]);
      files.put("src/large", new byte[400_000]);
      commitFiles(git, files, "First");
      git.tag().setName("v1").setMessage("First tag").setTagger(AUTHOR).setAnnotated(true).call();
      git.remoteAdd().setName("origin").setUri(new URIish(url)).call();
      send(git, new RefSpec("refs/heads/main:refs/heads/main"), new RefSpec("refs/tags/v1:refs/tags/v1"));
    }
  }

  private void cloneInto(Integer depth) throws Exception {
    var command = with(Git.cloneRepository().setURI(url).setDirectory(folder));
    if (depth != null) command.setDepth(depth);
    command.call().close();
  }

  /** Prints the id of the remote's main. */
  private void fetch() throws Exception {
    try (Git git = Git.open(folder)) {
      with(git.fetch().setRemote("origin")).call();
      System.out.println(git.getRepository().resolve("refs/remotes/origin/main").name());
    }
  }

  /** Puts a commit onto what was fetched and pushes it. Prints its id. */
  private void commit() throws Exception {
    try (Git git = Git.open(folder)) {
      with(git.pull()).call();
      System.out.println(commitFiles(git, Map.of("src/more", "More\n".getBytes()), "More").name());
      send(git, new RefSpec("refs/heads/main:refs/heads/main"));
    }
  }

  private ObjectId commitFiles(Git git, Map<String, byte[]> files, String message) throws Exception {
    for (var file : files.entrySet()) {
      Path path = folder.toPath().resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
      git.add().addFilepattern(file.getKey()).call();
    }
    RevCommit made = git.commit().setMessage(message).setAuthor(AUTHOR).setCommitter(AUTHOR).setSign(false).call();
    return made.getId();
  }

  private void send(Git git, RefSpec... specs) throws Exception {
    for (PushResult result : with(git.push().setRemote("origin").setRefSpecs(specs)).call()) {
      for (RemoteRefUpdate update : result.getRemoteUpdates()) {
        if (update.getStatus() != RemoteRefUpdate.Status.OK) throw new IllegalStateException(update.toString());
      }
    }
  }

  private <C extends TransportCommand<C, ?>> C with(C command) {
    return command.setCredentialsProvider(credentials);
  }
}

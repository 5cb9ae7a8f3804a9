import t from 'tap'
import { commandName } from '../../bin/command-name.ts'

const SECRETS: ReadonlyArray<[string, string[], string]> = [
  ['an option with its value', ['true', '--token=s3cr3t', '--db-password=x y'], 'true --token=*** --db-password=***'],
  ['an option and its value', ['true', '--password', 'hunter2', '--apiKey', 'abc', 'rest'], 'true --password *** --apiKey *** rest'],
  ['a variable', ['env', 'API_KEY=abc', 'MODE=fast', 'true'], 'env API_KEY=*** MODE=fast true'],
  ['a variable in a shell text', ['sh', '-c', 'API_KEY="a b" run; export TOKEN=abc'], 'sh -c API_KEY=*** run; export TOKEN=***'],
  ['an option in a shell text', ['sh', '-c', 'run --password hunter2 --fast'], 'sh -c run --password *** --fast'],
  ['a URL with a password', ['git', 'clone', 'https://me:s3cr3t@host/x.git'], 'git clone https://***@host/x.git'],
  ['a URL whose password has slashes', ['psql', 'postgres://me:a/b@host/db'], 'psql postgres://***@host/db'],
  ['a URL with a token as its user', ['git', 'clone', 'https://abc@host/x'], 'git clone https://***@host/x'],
  ['a parameter of a URL', ['curl', 'https://host/?page=2&access_token=abc&sig=x'], 'curl https://host/?page=2&access_token=***&sig=***'],
  ['the first parameter of a URL', ['curl', 'https://host/?api_key=abc', 'https://host:80/#access_token=abc'], 'curl https://host/?api_key=*** https://host:80/#access_token=***'],
  ['a variable in the value of an option', ['docker', 'run', '--env=API_KEY=abc', '-eTOKEN=abc', '--set=db.password=abc'], 'docker run --env=API_KEY=*** -eTOKEN=*** --set=db.password=***'],
  ['a user with a password at a host', ['rsync', 'me:hunter2@host', 'me:hunter2@host:5432/db'], 'rsync me:***@host me:***@host:5432/db'],
  ['a password joined to the option of an unknown program', ['true', '-pSECRET', '-phunter2'], 'true -p*** -p***'],
  ['the password of a login', ['docker', 'login', '-u', 'me', '-p', 'hunter2'], 'docker login -u me -p ***'],
  ['an option whose name ends with pass', ['keytool', '-storepass', 'abc', '--dbpass=abc'], 'keytool -storepass *** --dbpass=***'],
  ['an address that is a secret', ['curl', 'https://hooks.slack.com/services/T0/B0/abc'], 'curl https://hooks.slack.com/services/***'],
  ['variables of known services', ['env', 'AWS_SECRET_ACCESS_KEY=abc', 'PGPASSWORD=abc', 'run', '--auth-token', 'abc'], 'env AWS_SECRET_ACCESS_KEY=*** PGPASSWORD=*** run --auth-token ***'],
  ['a header joined to its option', ['curl', '-HAuthorization: Bearer abc', '--header=Authorization: Basic abc'], 'curl -HAuthorization: *** --header=Authorization: ***'],
  ['a header', ['curl', '-H', 'Authorization: Bearer abc', '-H', 'X-Api-Key: abc'], 'curl -H Authorization: *** -H X-Api-Key: ***'],
  ['a header in a shell text', ['sh', '-c', 'curl -H "Authorization: Bearer abc" x'], 'sh -c curl -H "Authorization: ***" x'],
  ['a user with a password', ['curl', '-u', 'me:hunter2', '--user=me:hunter2', '-ume:hunter2'], 'curl -u me:*** --user=me:*** -ume:***'],
  ['a field of JSON', ['curl', '-d', '{"password":"x","page":1}'], 'curl -d {"password":***,"page":1}'],
  ['a password joined to its option', ['mysql', '-psecret', '-u', 'root'], 'mysql -p*** -u root'],
  ['the same in a container', ['docker', 'exec', 'db', 'mysqldump', '-psecret'], 'docker exec db mysqldump -p***'],
  ['a password of a known program', ['sshpass', '-p', 'hunter2', 'ssh', 'host'], 'sshpass -p *** ssh host'],
  ['a token that is known by its beginning', ['deploy', 'ghp_abcdefghijklmnop', 'sk-abcdefghij'], 'deploy *** ***'],
  ['a long random word', ['deploy', 'f3a9c1d27b604e5d8a9b', 'aZ3kQ9xT1mB7wL5c'], 'deploy *** ***'],
  ['a random word of base 64', ['deploy', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'], 'deploy ***']
]

for (const [kind, command, name] of SECRETS) {
  t.test(`the name of a run does not tell ${kind}`, async (t) => t.equal(commandName(command), name))
}

t.test('other arguments stay as they are', async (t) => {
  for (const command of [
    ['npm', 'test'],
    ['python3', 'train.py', '--epochs=3', '--name', 'long-experiment-name-2026-11-23', '-u', 'x.py'],
    ['mkdir', '-p', 'build/output'],
    ['docker', 'run', '-p', '8080:80', 'images.example.com/team/image:1.2.3'],
    ['sh', '-c', 'for i in 1 2 3; do echo out$i; echo err$i >&2; done'],
    ['docker', 'run', '-p8080:80', '-p127.0.0.1:80:80', 'team/image:1.2@sha256:0123'],
    ['ls', '-pl', '-parallel=4', '-p./folder', '--bypass', 'git@host:team/project.git'],
    ['find', '.', '-path', './node_modules', '-print'],
    ['mvn', '-Dtest=AbstractSingletonProxyFactoryBeanTest', 'verify'],
    ['node', '/usr/lib/node_modules/some-package/bin/command.js', 'http://127.0.0.1:3000/runs?tail=5']
  ]) t.equal(commandName(command), command.join(' '))
})

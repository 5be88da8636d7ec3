# enter keep|throw-away ROOT [ro|rw FROM TO]... -- PROGRAM [ARGUMENT]...
# Runs in a mount namespace of its own: all mounts end with it, and with throw-away all that was written
# below ROOT and not to a mount.
set -eu
root=$2
if [ "$1" = throw-away ]; then
    mount -t tmpfs tmpfs "$root/tmp"
    mkdir "$root/tmp/upper" "$root/tmp/work"
    mount -t overlay -o "lowerdir=$root,upperdir=$root/tmp/upper,workdir=$root/tmp/work" overlay "$root"
else
    mount --bind "$root" "$root"
fi
shift 2
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$root$3"
    mount --bind "$2" "$root$3"
    # Where the file system has flags that an unprivileged remount may not drop, it stays
    # writable: the protection is against mistakes only.
    [ "$1" = rw ] || mount -o remount,bind,ro "$root$3" 2>/dev/null || :
    shift 3
done
shift
exec chroot "$root" "$@"

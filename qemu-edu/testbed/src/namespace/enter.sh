# enter ROOT [ro|rw FROM TO]... -- PROGRAM [ARGUMENT]...
# Runs in a mount namespace of its own: all mounts end with it.
set -eu
root=$1
shift
mount --bind "$root" "$root"
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

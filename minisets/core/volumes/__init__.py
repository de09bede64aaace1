"""Where the files of a pod come from: claims, storage classes, objects and folders, as mounts."""
